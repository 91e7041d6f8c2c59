-- One row per account of Salesforce, in the canonical columns of an account.
{{ config(materialized='ephemeral') }}

select
    'salesforce:' || account_key as account_id,
    'salesforce:' || owner_key as owner_id,
    name,
    domain,
    industry,
    country,
    employees,
    annual_revenue_cents,
    created_at
from {{ ref('stg_fivetran_salesforce__accounts') }}
where not is_deleted
