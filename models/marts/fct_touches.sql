-- One row per contact and touch: every message, sync row, deal, task and on-site decision, sent or withheld, with its receipt.
{{ config(materialized='view') }}

select * from {{ ref('int_touches__receipts') }}

union all

select * from {{ ref('int_touches__messages') }}

union all

select * from {{ ref('int_touches__outbox') }}

union all

select
    'withheld:' || withheld.withheld_id,
    withheld.contact_id,
    {{ touch_kind('withheld') }},
    withheld.channel,
    withheld.sync,
    withheld.sync,
    withheld.destination,
    withheld.object,
    cast(null as {{ dbt.type_string() }}),
    case when withheld.ended_at is null then withheld.state else withheld.state || ' before' end,
    withheld.reason,
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }}),
    withheld.withheld_at,
    withheld.ended_at,
    cast(null as timestamp),
    cast(null as timestamp),
    cast(null as timestamp)
from {{ ref('stg_activations__withheld') }} as withheld
-- Of its own messages the outbox tells itself, one by one.
where withheld.sync not like 'outbox!_%' escape '!'

union all

-- What people did by themselves in a CRM; the tasks that we made there are receipts.
select
    'task:' || tasks.task_id,
    nodes.contact_id,
    'task',
    'crm',
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }}),
    tasks.source_system,
    'task',
    cast(null as {{ dbt.type_string() }}),
    case when tasks.completed_at is null then 'open' else 'done' end,
    coalesce(tasks.direction || ' ', '') || tasks.type,
    tasks.task_id,
    cast(null as {{ dbt.type_string() }}),
    cast(null as {{ dbt.type_string() }}),
    tasks.created_at,
    cast(null as timestamp),
    tasks.completed_at,
    cast(null as timestamp),
    cast(null as timestamp)
from {{ ref('int_tasks__unioned') }} as tasks
left join {{ ref('int_identity__nodes') }} as nodes on tasks.contact_node = nodes.node
where tasks.task_id not in (
    select split_part(ours.destination, '_', 1) || ':' || ours.vendor_id
    from {{ ref('int_touches__receipts') }} as ours
    where ours.kind = 'task' and ours.vendor_id is not null
)
