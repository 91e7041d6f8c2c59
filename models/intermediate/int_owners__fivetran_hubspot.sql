-- One row per HubSpot owner, in the canonical columns of a salesperson.
{{ config(materialized='ephemeral') }}

select
    'hubspot:' || owners.owner_key as owner_id,
    coalesce(owners.name, owners.email, 'owner ' || owners.owner_key) as name,
    owners.email,
    teams.team,
    cast(null as {{ dbt.type_string() }}) as region
from {{ ref('stg_fivetran_hubspot__owners') }} as owners
left join {{ ref('stg_fivetran_hubspot__owner_teams') }} as teams on owners.owner_key = teams.owner_key
