-- One row per HubSpot engagement that is an e-mail between two people, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    engagement_id as engagement_key,
    property_hubspot_owner_id as owner_key,
    case upper(property_hs_email_direction)
        when 'INCOMING_EMAIL' then 'inbound'
        when 'EMAIL' then 'outbound'
        when 'FORWARDED_EMAIL' then 'outbound'
    end as direction,
    coalesce(_fivetran_deleted, false) as is_deleted,
    property_hs_timestamp as occurred_at,
    property_hs_createdate as created_at
from {{ source('fivetran_hubspot', 'engagement_email') }}
{{ newest(['engagement_id'], '_fivetran_synced') }}
