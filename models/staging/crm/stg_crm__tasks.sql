-- One row per task, as last exported.
select
    task_id,
    deal_id,
    contact_id as shop_contact_id,
    owner_id,
    type,
    direction,
    created_at,
    due_at,
    completed_at
from {{ source('crm', 'tasks') }}
{{ newest(['task_id'], 'completed_at') }}
