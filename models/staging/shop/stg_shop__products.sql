-- One row per product.
select
    product_id,
    sku,
    name,
    category,
    price_cents
from {{ source('shop', 'products') }}
{{ newest(['product_id']) }}
