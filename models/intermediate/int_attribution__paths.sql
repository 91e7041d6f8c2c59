-- One row per order and touch of its contact in the window before it, in order of time; an order without any has none.
with

orders as (

    select
        orders.order_id,
        nodes.contact_id,
        orders.ordered_at,
        orders.currency,
        orders.revenue_cents - orders.refunded_cents as revenue_cents
    from {{ ref('int_orders__orders') }} as orders
    inner join {{ ref('int_identity__nodes') }} as nodes on orders.node = nodes.node
    where not orders.is_cancelled and orders.ordered_at <= {{ as_of() }}

)

select
    orders.order_id,
    orders.contact_id,
    orders.ordered_at,
    orders.currency,
    orders.revenue_cents,
    touches.touch_id,
    touches.channel,
    touches.campaign,
    touches.touched_at,
    row_number() over (
        partition by orders.order_id order by touches.touched_at nulls last, touches.touch_id nulls last
    ) as touch_number,
    count(*) over (partition by orders.order_id) as touch_count
from orders
inner join {{ ref('int_attribution__touches') }} as touches
    on orders.contact_id = touches.contact_id
    and touches.touched_at <= orders.ordered_at
    and {{ epoch_seconds('orders.ordered_at') }} - {{ epoch_seconds('touches.touched_at') }}
        <= {{ var('attribution_window_days') }} * 86400
