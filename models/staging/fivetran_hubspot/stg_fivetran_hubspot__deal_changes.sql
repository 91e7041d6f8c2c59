-- One row per HubSpot deal, property that we read and change of it.
{{ config(materialized='ephemeral') }}

select
    deal_id as deal_key,
    lower(name) as field,
    value,
    timestamp as changed_at
from {{ source('fivetran_hubspot', 'deal_property_history') }}
where lower(name) in ('amount', 'closedate')
{{ newest(['deal_id', 'name', 'timestamp'], '_fivetran_synced') }}
