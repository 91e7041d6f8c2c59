-- One row per HubSpot e-mail event that is a click.
{{ config(materialized='ephemeral') }}

select
    id as event_id,
    url,
    user_agent
from {{ source('fivetran_hubspot', 'email_event_click') }}
{{ newest(['id'], '_fivetran_synced') }}
