-- One row per account.
select
    account as account_id,
    account as name,
    sector as industry,
    employees,
    {{ number_or_null('round(revenue * 100000000)', 'bigint') }} as annual_revenue_cents
from {{ source('maven', 'accounts') }}
{{ newest(['account']) }}
