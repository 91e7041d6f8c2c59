-- One row per account.
select
    account as account_id,
    account as name,
    sector as industry,
    employees,
    cast(round(revenue * 100000000) as bigint) as annual_revenue_cents
from {{ source('maven', 'accounts') }}
{{ newest(['account']) }}
