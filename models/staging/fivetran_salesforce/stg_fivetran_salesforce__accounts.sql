-- One row per account of Salesforce, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as account_key,
    owner_id as owner_key,
    trim(name) as name,
    nullif({{ web_domain('website') }}, '') as domain,
    industry,
    case when {{ matches_pattern("trim(billing_country_code)", '^[A-Za-z]{2}$') }} then upper(trim(billing_country_code)) end as country,
    {{ number_or_null('number_of_employees', 'bigint') }} as employees,
    {{ number_or_null('round(100 * annual_revenue)', 'bigint') }} as annual_revenue_cents,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    created_date as created_at,
    _batch as batch
from {{ source('fivetran_salesforce', 'account') }}
{{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}
