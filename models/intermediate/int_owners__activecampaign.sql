-- One row per user of ActiveCampaign, in the canonical columns of a salesperson.
{{ config(materialized='ephemeral') }}

select
    'activecampaign:' || user_id as owner_id,
    coalesce(name, email, 'user ' || user_id) as name,
    email,
    cast(null as {{ dbt.type_string() }}) as team,
    cast(null as {{ dbt.type_string() }}) as region
from {{ ref('stg_activecampaign__users') }}
where not is_gone
