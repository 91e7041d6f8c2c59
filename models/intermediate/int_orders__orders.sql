-- One row per order, with refunds and cancellation applied; recomputed when one of its events comes in.
{{ incremental_by_key('order_id') }}

with

events as (

    select * from {{ ref('int_orders__events') }}
    where {{ only_touched(ref('int_orders__events'), 'order_id') }}

),

-- Klaviyo only hears of orders: what the shop itself says goes first.
placed as (

    select * from events
    where event_name in ('Order Completed', 'Order Updated')
    qualify row_number() over (
        partition by order_id
        order by
            case when source = 'klaviyo' then 1 else 0 end nulls last, occurred_at desc nulls last, event_id nulls last
    ) = 1

),

firsts as (

    select order_id, min(occurred_at) as ordered_at, max(node) as node,
        max(batch) as batch
    from events
    where event_name in ('Order Completed', 'Order Updated')
    group by order_id

),

after_by_source as (

    select
        order_id,
        source,
        sum(case when event_name = 'Order Refunded' then value_cents else 0 end) as refunded_cents,
        max(case when event_name = 'Order Cancelled' then 1 else 0 end) as cancelled,
        max(batch) as batch
    from events
    where event_name in ('Order Refunded', 'Order Cancelled')
    group by order_id, source

),

-- Two sources that tell of one order tell the same refunds: the most that one of them tells holds.
after as (

    select order_id, max(refunded_cents) as refunded_cents, max(cancelled) as cancelled, max(batch) as batch
    from after_by_source
    group by order_id

)

select
    placed.order_id,
    placed.source,
    firsts.node,
    placed.cart_id,
    coalesce(upper(nullif(trim({{ json_text('placed.properties', 'currency') }}), '')), 'EUR') as currency,
    coalesce(placed.value_cents, 0) as revenue_cents,
    coalesce({{ cents_or_null(json_text('placed.properties', 'shipping')) }}, 0) as shipping_cents,
    coalesce({{ cents_or_null(json_text('placed.properties', 'tax')) }}, 0) as tax_cents,
    coalesce({{ cents_or_null(json_text('placed.properties', 'discount')) }}, 0) as discount_cents,
    coalesce({{ json_text('placed.properties', 'products[0].category') }}, placed.category) as category,
    cast(coalesce(after.refunded_cents, 0) as bigint) as refunded_cents,
    coalesce(after.cancelled, 0) = 1 as is_cancelled,
    firsts.ordered_at,
    greatest(firsts.batch, coalesce(after.batch, 0)) as batch
from placed
inner join firsts on placed.order_id = firsts.order_id
left join after on placed.order_id = after.order_id
