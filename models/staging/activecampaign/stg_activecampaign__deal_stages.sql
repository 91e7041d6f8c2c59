-- One row per stage of a pipeline, as last pulled.
select
    id as stage_id,
    pipeline as pipeline_id,
    lower(trim(title)) as name,
    {{ whole_or_null('position') }} as stage_order,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'deal_stages') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
