-- One row per order, refunds and cancellation applied.
{{ config(materialized='view') }}

select
    orders.order_id,
    orders.source,
    nodes.contact_id,
    orders.cart_id,
    orders.category,
    orders.currency,
    orders.revenue_cents,
    orders.discount_cents,
    orders.shipping_cents,
    orders.tax_cents,
    orders.refunded_cents,
    orders.is_cancelled,
    orders.ordered_at
from {{ ref('int_orders__orders') }} as orders
left join {{ ref('int_identity__nodes') }} as nodes on orders.node = nodes.node
