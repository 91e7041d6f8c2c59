-- One row per contact and landmark with the orders known by then: how many, how regular, how much, in their first currency.
with

landmarks as (

    select contact_id, snapshot_at, {{ epoch_seconds('snapshot_at') }} as now_seconds from {{ ref('int_contacts__landmarks') }}

),

orders as (

    select
        known.contact_id,
        orders.order_id,
        known.known_at,
        orders.ordered_at,
        orders.revenue_cents,
        orders.currency,
        {{ epoch_seconds('orders.ordered_at') }} as ordered_seconds
    from {{ ref('int_orders__orders') }} as orders
    inner join {{ ref('int_identity__known') }} as known on orders.node = known.node

),

placed as (

    select
        landmarks.contact_id,
        landmarks.snapshot_at,
        landmarks.now_seconds,
        orders.ordered_seconds,
        case when orders.currency = min_by(orders.currency, (orders.ordered_at, orders.order_id))
            over (partition by landmarks.contact_id, landmarks.snapshot_at) then orders.revenue_cents end as revenue_cents
    from landmarks
    inner join orders
        on landmarks.contact_id = orders.contact_id
        and orders.known_at <= landmarks.snapshot_at
        and orders.ordered_at < landmarks.snapshot_at

),

counted as (

    select
        contact_id,
        snapshot_at,
        max(now_seconds) as now_seconds,
        count(*) as order_count,
        cast(sum(case when now_seconds - ordered_seconds <= 90 * 86400 then 1 else 0 end) as bigint) as orders_90d,
        cast(sum(case when now_seconds - ordered_seconds <= 365 * 86400 then 1 else 0 end) as bigint) as orders_365d,
        cast(sum(revenue_cents) as bigint) as revenue_cents,
        count(revenue_cents) as valued_count,
        min(ordered_seconds) as first_seconds,
        max(ordered_seconds) as last_seconds
    from placed
    group by contact_id, snapshot_at

)

select
    contact_id,
    snapshot_at,
    order_count,
    orders_90d,
    orders_365d,
    revenue_cents,
    cast(revenue_cents as double) / nullif(valued_count, 0) as mean_order_cents,
    (now_seconds - last_seconds) / cast(86400 as double) as days_since_order,
    (now_seconds - first_seconds) / cast(86400 as double) as days_since_first_order,
    case when order_count > 1 then (last_seconds - first_seconds) / cast(86400 as double) / (order_count - 1) end as mean_gap_days
from counted
