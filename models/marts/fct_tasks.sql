-- One row per task of the CRM.
select
    tasks.task_id,
    tasks.deal_id,
    nodes.contact_id,
    tasks.owner_id,
    tasks.type,
    tasks.direction,
    tasks.created_at,
    tasks.due_at,
    tasks.completed_at
from {{ ref('stg_crm__tasks') }} as tasks
left join {{ ref('int_identity__nodes') }} as nodes on 'user:' || tasks.shop_contact_id = nodes.node
