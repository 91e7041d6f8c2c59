-- One row per task of any CRM.
{{ config(materialized='view') }}

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
from {{ ref('int_tasks__unioned') }} as tasks
left join {{ ref('int_identity__nodes') }} as nodes on tasks.contact_node = nodes.node
