-- One row per change of what an address subscribes to in HubSpot.
{{ config(materialized='ephemeral') }}

select
    {{ normalize_email('recipient') }} as email,
    upper(change) as change,
    upper(change_type) as change_type,
    upper(source) as said_by,
    nullif(email_subscription_id, '') as subscription_key,
    caused_by_event_id as event_key,
    timestamp as changed_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'email_subscription_change') }}
where not coalesce(_fivetran_deleted, false)
    and {{ normalize_email('recipient') }} is not null
{{ newest(['recipient', 'change', 'change_type', 'email_subscription_id', 'timestamp'], '_fivetran_synced') }}
