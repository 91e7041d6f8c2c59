-- One row per product.
select
    product as product_id,
    product as name,
    series as category,
    {{ number_or_null('round(sales_price * 100)', 'bigint') }} as price_cents
from {{ source('maven', 'products') }}
{{ newest(['product']) }}
