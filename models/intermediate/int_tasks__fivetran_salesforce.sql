-- One row per task and calendar event of Salesforce, in the canonical columns of a task.
{{ config(materialized='ephemeral') }}

with

activities as (

    select
        task_key, person_key, about_key, owner_key, kind, direction, is_deleted, created_at, due_at,
        case when is_done then coalesce(completed_at, updated_at, due_at) end as completed_at
    from {{ ref('stg_fivetran_salesforce__tasks') }}
    union all
    select
        task_key, person_key, about_key, owner_key, kind, cast(null as {{ dbt.type_string() }}), is_deleted, created_at, started_at,
        case when ended_at <= {{ as_of() }} then ended_at end
    from {{ ref('stg_fivetran_salesforce__events') }}

)

select
    'salesforce:' || activities.task_key as task_id,
    'salesforce' as source_system,
    'salesforce:' || deals.deal_key as deal_id,
    'salesforce:' || activities.person_key as contact_node,
    'salesforce:' || activities.owner_key as owner_id,
    activities.kind as type,
    activities.direction,
    coalesce(activities.created_at, activities.due_at, activities.completed_at) as created_at,
    activities.due_at,
    activities.completed_at
from activities
left join {{ ref('stg_fivetran_salesforce__opportunities') }} as deals on activities.about_key = deals.deal_key
where not activities.is_deleted
