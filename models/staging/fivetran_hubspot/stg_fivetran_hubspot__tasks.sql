-- One row per HubSpot engagement that is a task, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    engagement_id as engagement_key,
    property_hubspot_owner_id as owner_key,
    lower(coalesce(nullif(property_hs_task_type, ''), nullif(task_type, ''))) as kind,
    upper(coalesce(property_hs_task_status, status)) = 'COMPLETED' as is_done,
    coalesce(_fivetran_deleted, false) as is_deleted,
    coalesce(
        {{ utc_or_null('property_hs_task_completion_date') }}, {{ utc_or_null('completion_date') }},
        {{ moment_from_epoch(number_or_null('completion_date')) }}
    ) as completed_at,
    property_hs_timestamp as due_at,
    property_hs_createdate as created_at,
    coalesce(property_hs_lastmodifieddate, _fivetran_synced) as updated_at
from {{ source('fivetran_hubspot', 'engagement_task') }}
{{ newest(['engagement_id'], '_fivetran_synced') }}
