-- One row per HubSpot e-mail event that is a bounce.
{{ config(materialized='ephemeral') }}

select
    id as event_id,
    status as smtp_status,
    category
from {{ source('fivetran_hubspot', 'email_event_bounce') }}
{{ newest(['id'], '_fivetran_synced') }}
