-- One row per user of Salesforce, in the canonical columns of a salesperson.
{{ config(materialized='ephemeral') }}

select
    'salesforce:' || owner_key as owner_id,
    coalesce(name, email, 'user ' || owner_key) as name,
    email,
    team,
    region
from {{ ref('stg_fivetran_salesforce__users') }}
