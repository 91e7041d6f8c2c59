-- One row per HubSpot e-mail event that changes a subscription.
{{ config(materialized='ephemeral') }}

select
    id as event_id,
    upper(portal_subscription_status) as subscription_status
from {{ source('fivetran_hubspot', 'email_event_status_change') }}
{{ newest(['id'], '_fivetran_synced') }}
