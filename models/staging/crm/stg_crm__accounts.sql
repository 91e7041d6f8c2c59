-- One row per account, as last exported.
select
    account_id,
    owner_id,
    name,
    lower(domain) as domain,
    industry,
    upper(country) as country,
    employees,
    annual_revenue_cents,
    created_at
from {{ source('crm', 'accounts') }}
{{ newest(['account_id']) }}
