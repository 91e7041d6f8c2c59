-- One row per HubSpot ticket and contact it concerns.
{{ config(materialized='ephemeral') }}

with

ties as (

    select ticket_id, contact_id, _fivetran_deleted from {{ source('fivetran_hubspot', 'ticket_contact') }}
    {{ newest(['ticket_id', 'contact_id'], '_fivetran_synced') }}

)

select
    ticket_id as ticket_key,
    contact_id as contact_key
from ties
where not coalesce(_fivetran_deleted, false)
