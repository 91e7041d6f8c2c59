-- One row per task, as last pulled.
select
    id as task_id,
    case when lower(relates_to) = 'deal' then related end as deal_id,
    case when lower(relates_to) = 'subscriber' then related end as contact_id,
    coalesce(nullif(assignee, '0'), nullif(owner, '0')) as owner_id,
    coalesce(nullif(task_type, '0'), nullif(d_tasktypeid, '0')) as task_type_id,
    title,
    coalesce(status, '0') = '1' as is_done,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    {{ utc_or_null('created') }} as created_at,
    {{ utc_or_null('due') }} as due_at,
    {{ utc_or_null('updated') }} as updated_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'deal_tasks') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
