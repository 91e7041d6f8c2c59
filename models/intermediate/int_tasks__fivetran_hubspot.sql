-- One row per HubSpot task, call, e-mail and meeting, in the canonical columns of a task.
{{ config(materialized='ephemeral') }}

with

activities as (

    select
        engagement_key, owner_key, case when kind <> 'todo' then kind else 'task' end as kind,
        cast(null as {{ dbt.type_string() }}) as direction, is_deleted, false as is_logged,
        created_at, due_at, case when is_done then coalesce(completed_at, updated_at) end as completed_at
    from {{ ref('stg_fivetran_hubspot__tasks') }}
    union all
    -- What was logged is done.
    select engagement_key, owner_key, 'call', direction, is_deleted, true, created_at, occurred_at, occurred_at
    from {{ ref('stg_fivetran_hubspot__calls') }}
    union all
    select engagement_key, owner_key, 'email', direction, is_deleted, true, created_at, occurred_at, occurred_at
    from {{ ref('stg_fivetran_hubspot__emails') }}
    union all
    select
        engagement_key, owner_key, 'meeting', cast(null as {{ dbt.type_string() }}), is_deleted, false, created_at, started_at,
        case
            when outcome in ('CANCELED', 'CANCELLED', 'NO_SHOW', 'NO SHOW', 'RESCHEDULED') then cast(null as timestamp)
            when coalesce(ended_at, started_at) <= {{ as_of() }} then coalesce(ended_at, started_at)
        end
    from {{ ref('stg_fivetran_hubspot__meetings') }}

)

select
    'hubspot:' || activities.engagement_key as task_id,
    'hubspot' as source_system,
    'hubspot:' || coalesce(merged.kept_key, deals.deal_key) as deal_id,
    'hubspot:' || contacts.contact_key as contact_node,
    'hubspot:' || coalesce(activities.owner_key, engagements.owner_key) as owner_id,
    activities.kind as type,
    activities.direction,
    coalesce(
        activities.created_at, engagements.created_at, activities.due_at, engagements.due_at, activities.completed_at
    ) as created_at,
    coalesce(activities.due_at, engagements.due_at) as due_at,
    case
        when activities.is_logged then coalesce(activities.completed_at, engagements.due_at, activities.created_at)
        else activities.completed_at
    end as completed_at
from activities
left join {{ ref('stg_fivetran_hubspot__engagements') }} as engagements on activities.engagement_key = engagements.engagement_key
left join {{ ref('stg_fivetran_hubspot__engagement_contacts') }} as contacts on activities.engagement_key = contacts.engagement_key
left join {{ ref('stg_fivetran_hubspot__engagement_deals') }} as deals on activities.engagement_key = deals.engagement_key
left join {{ ref('stg_fivetran_hubspot__merged_deals') }} as merged on deals.deal_key = merged.deal_key
where not activities.is_deleted
    and not coalesce(engagements.is_deleted, false)
