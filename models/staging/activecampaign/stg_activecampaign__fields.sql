-- One row per custom field, as last pulled.
select
    id as field_id,
    title,
    kind,
    perstag as template_name,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'fields') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
