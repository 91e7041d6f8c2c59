-- One row per account of any CRM; what is added here reaches every model of accounts.
{{ config(materialized='view') }}

select account_id, owner_id, name, domain, industry, country, employees, annual_revenue_cents, created_at
from {{ ref('stg_crm__accounts') }}
union all
select
    account_id, cast(null as {{ dbt.type_string() }}), name, cast(null as {{ dbt.type_string() }}), industry, cast(null as {{ dbt.type_string() }}), employees,
    annual_revenue_cents, cast(null as timestamp)
from {{ ref('stg_maven__accounts') }}
union all
select * from {{ ref('int_accounts__fivetran_hubspot') }}
union all
select * from {{ ref('int_accounts__fivetran_salesforce') }}
