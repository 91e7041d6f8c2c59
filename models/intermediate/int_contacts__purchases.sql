-- One row per contact who bought: orders, revenue less refunds, and deals won, in all.
{{ config(materialized='ephemeral') }}

with

orders as (

    select
        contact_id,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(net_cents) as bigint) as revenue_cents,
        min(first_ordered_at) as first_ordered_at,
        max(last_ordered_at) as last_ordered_at
    from {{ ref('int_contacts__value') }}
    group by contact_id

),

deals as (

    select nodes.contact_id, count(*) as won_deal_count
    from {{ ref('int_deals__unioned') }} as deals
    inner join {{ ref('int_identity__nodes') }} as nodes on deals.contact_node = nodes.node
    where deals.status = 'won' and deals.closed_at <= {{ as_of() }}
    group by nodes.contact_id

)

select
    coalesce(orders.contact_id, deals.contact_id) as contact_id,
    coalesce(orders.order_count, 0) as order_count,
    coalesce(orders.revenue_cents, 0) as revenue_cents,
    orders.first_ordered_at,
    orders.last_ordered_at,
    coalesce(deals.won_deal_count, 0) as won_deal_count
from orders
full outer join deals on orders.contact_id = deals.contact_id
