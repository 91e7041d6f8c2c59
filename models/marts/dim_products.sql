-- One row per product of any shop.
select product_id, sku, name, category, price_cents from {{ ref('stg_shop__products') }}
union all
select product_id, cast(null as {{ dbt.type_string() }}), name, category, price_cents from {{ ref('stg_maven__products') }}
