-- One row per HubSpot contact, property that states a refusal and change of it.
{{ config(materialized='ephemeral') }}

select
    contact_id as contact_key,
    lower(name) as field,
    value,
    timestamp as changed_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'contact_property_history') }}
where lower(name) like 'hs_email_optout%'
{{ newest(['contact_id', 'name', 'timestamp'], '_fivetran_synced') }}
