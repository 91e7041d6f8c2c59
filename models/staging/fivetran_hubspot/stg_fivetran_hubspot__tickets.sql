-- One row per HubSpot ticket, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as ticket_key,
    trim(property_subject) as subject,
    nullif(property_hs_pipeline, '') as pipeline_key,
    nullif(property_hs_pipeline_stage, '') as stage_key,
    lower(nullif(property_hs_ticket_priority, '')) as priority,
    nullif(property_hubspot_owner_id, '') as owner_key,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) as is_deleted,
    property_createdate as created_at,
    property_closed_date as closed_at
from {{ source('fivetran_hubspot', 'ticket') }}
{{ newest(['id'], '_fivetran_synced') }}
