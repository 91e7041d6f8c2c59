-- One row per message that a person clicked before an order, attribution model and currency: orders (in parts) and revenue.
with

shares as (

    select order_id, touch_id, model, share from {{ ref('int_attribution__weights') }}

),

orders as (

    select order_id, currency from {{ ref('fct_orders') }}

)

select
    attribution.touch_id as message_id,
    attribution.model,
    orders.currency,
    round(sum(shares.share), 6) as order_share,
    cast(sum(attribution.revenue_cents) as bigint) as revenue_cents
from {{ ref('fct_attribution') }} as attribution
inner join {{ ref('int_messages__messages') }} as messages on attribution.touch_id = messages.message_id
inner join shares
    on attribution.order_id = shares.order_id
    and attribution.touch_id = shares.touch_id
    and attribution.model = shares.model
inner join orders on attribution.order_id = orders.order_id
where shares.share > 0
group by attribution.touch_id, attribution.model, orders.currency
