-- One row per kind of task, as last pulled.
select
    id as task_type_id,
    lower(trim(title)) as name,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'deal_task_types') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
