-- One row per account of any CRM.
select account_id, owner_id, name, domain, industry, country, employees, annual_revenue_cents, created_at
from {{ ref('int_accounts__unioned') }}
