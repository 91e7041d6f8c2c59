-- One row per HubSpot engagement that is a meeting, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    engagement_id as engagement_key,
    property_hubspot_owner_id as owner_key,
    upper(coalesce(property_hs_meeting_outcome, meeting_outcome)) as outcome,
    coalesce(_fivetran_deleted, false) as is_deleted,
    coalesce(property_hs_meeting_start_time, start_time, property_hs_timestamp) as started_at,
    coalesce(property_hs_meeting_end_time, end_time) as ended_at,
    property_hs_createdate as created_at
from {{ source('fivetran_hubspot', 'engagement_meeting') }}
{{ newest(['engagement_id'], '_fivetran_synced') }}
