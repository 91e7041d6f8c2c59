-- One row per customer and day with an order, in the currency they ordered in most: orders and their value.
with

orders as (

    select
        nodes.contact_id,
        orders.currency,
        cast(orders.ordered_at as date) as ordered_on,
        orders.order_id,
        orders.revenue_cents - orders.refunded_cents as net_cents
    from {{ ref('int_orders__orders') }} as orders
    inner join {{ ref('int_identity__nodes') }} as nodes on orders.node = nodes.node
    where not orders.is_cancelled and orders.ordered_at <= {{ as_of() }}

),

sums as (

    select contact_id, currency, count(*) as order_count, sum(net_cents) as net_cents
    from orders
    group by contact_id, currency

),

-- The same currency by which score_rfm judges them.
currencies as (

    select contact_id, currency
    from sums
    qualify row_number() over (
        partition by contact_id order by order_count desc nulls last, net_cents desc nulls last, currency nulls last
    ) = 1

)

select
    orders.contact_id,
    orders.currency,
    orders.ordered_on,
    count(*) as order_count,
    cast(sum(orders.net_cents) as bigint) as net_cents
from orders
inner join currencies on orders.contact_id = currencies.contact_id and orders.currency = currencies.currency
group by orders.contact_id, orders.currency, orders.ordered_on
