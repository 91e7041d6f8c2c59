-- One row per product.
select
    product as product_id,
    product as name,
    series as category,
    cast(round(sales_price * 100) as bigint) as price_cents
from {{ source('maven', 'products') }}
{{ newest(['product']) }}
