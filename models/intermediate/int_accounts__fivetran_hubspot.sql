-- One row per HubSpot company, in the canonical columns of an account.
{{ config(materialized='ephemeral') }}

select
    'hubspot:' || company_key as account_id,
    'hubspot:' || owner_key as owner_id,
    name,
    domain,
    industry,
    country,
    employees,
    annual_revenue_cents,
    created_at
from {{ ref('stg_fivetran_hubspot__companies') }}
where not is_deleted
