-- One row per HubSpot owner, as Fivetran last wrote it; whoever left keeps the name, as their deals remain.
{{ config(materialized='ephemeral') }}

select
    owner_id as owner_key,
    nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as name,
    {{ normalize_email('email') }} as email,
    _batch as batch
from {{ source('fivetran_hubspot', 'owner') }}
{{ newest(['owner_id'], '_fivetran_synced') }}
