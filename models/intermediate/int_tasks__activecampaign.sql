-- One row per task of ActiveCampaign, in the canonical columns of a task.
{{ config(materialized='ephemeral') }}

select
    'activecampaign:' || tasks.task_id as task_id,
    'activecampaign' as source_system,
    'activecampaign:' || tasks.deal_id as deal_id,
    'activecampaign:' || coalesce(tasks.contact_id, deals.contact_id) as contact_node,
    'activecampaign:' || tasks.owner_id as owner_id,
    coalesce(types.name, 'task') as type,
    cast(null as {{ dbt.type_string() }}) as direction,
    coalesce(tasks.created_at, tasks.updated_at, tasks.pulled_at) as created_at,
    tasks.due_at,
    case when tasks.is_done then coalesce(tasks.updated_at, tasks.pulled_at) end as completed_at
from {{ ref('stg_activecampaign__deal_tasks') }} as tasks
left join {{ ref('stg_activecampaign__deal_task_types') }} as types on tasks.task_type_id = types.task_type_id
left join {{ ref('stg_activecampaign__deals') }} as deals on tasks.deal_id = deals.deal_id
where not tasks.is_gone
