-- One row per HubSpot e-mail event.
{{ config(materialized='ephemeral') }}

select
    id as event_id,
    upper(type) as event_type,
    sent_by_id as sent_event_id,
    {{ normalize_email('recipient') }} as recipient,
    email_campaign_id as campaign,
    coalesce(filtered_event, false) as is_filtered,
    coalesce(created, _fivetran_synced) as occurred_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'email_event') }}
{{ newest(['id'], '_fivetran_synced') }}
