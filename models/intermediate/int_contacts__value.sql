-- One row per contact and currency who ever ordered: orders and revenue less refunds, in all and in the last 365 days.
select
    nodes.contact_id,
    orders.currency,
    count(*) as order_count,
    cast(sum(case when {{ dbt.datediff('orders.ordered_at', as_of(), 'day') }} < 365 then 1 else 0 end) as bigint) as order_count_365d,
    cast(sum(orders.revenue_cents - orders.refunded_cents) as bigint) as net_cents,
    cast(sum(case
        when {{ dbt.datediff('orders.ordered_at', as_of(), 'day') }} < 365 then orders.revenue_cents - orders.refunded_cents else 0
    end) as bigint) as net_cents_365d,
    min(orders.ordered_at) as first_ordered_at,
    max(orders.ordered_at) as last_ordered_at
from {{ ref('int_orders__orders') }} as orders
inner join {{ ref('int_identity__nodes') }} as nodes on orders.node = nodes.node
where not orders.is_cancelled and orders.ordered_at <= {{ as_of() }}
group by nodes.contact_id, orders.currency
