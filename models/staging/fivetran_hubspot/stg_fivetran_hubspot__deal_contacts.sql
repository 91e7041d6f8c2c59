-- One row per HubSpot deal and contact that belongs to it.
{{ config(materialized='ephemeral') }}

with

ties as (

    select deal_id, contact_id, type_id, _fivetran_deleted from {{ source('fivetran_hubspot', 'deal_contact') }}
    {{ newest(['deal_id', 'contact_id', 'type_id'], '_fivetran_synced') }}

)

-- Several ties, one label each, may hold between the same two.
select
    deal_id as deal_key,
    contact_id as contact_key,
    count(*) as tie_count
from ties
where not coalesce(_fivetran_deleted, false)
group by deal_id, contact_id
