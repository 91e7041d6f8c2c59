-- One row per HubSpot engagement that concerns a contact: the one with the smallest key.
{{ config(materialized='ephemeral') }}

with

ties as (

    select engagement_id, contact_id, _fivetran_deleted from {{ source('fivetran_hubspot', 'engagement_contact') }}
    {{ newest(['engagement_id', 'contact_id'], '_fivetran_synced') }}

)

select
    engagement_id as engagement_key,
    min(contact_id) as contact_key
from ties
where not coalesce(_fivetran_deleted, false)
group by engagement_id
