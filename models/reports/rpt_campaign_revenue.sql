-- One row per campaign, channel, variant, attribution model and currency: orders (in parts) and revenue that its clicks earned.
select
    messages.campaign,
    messages.channel,
    messages.variant,
    earnings.model,
    earnings.currency,
    round(sum(earnings.order_share), 4) as order_share,
    cast(sum(earnings.revenue_cents) as bigint) as revenue_cents
from {{ ref('int_messages__earnings') }} as earnings
inner join {{ ref('int_messages__outcomes') }} as messages on earnings.message_id = messages.message_id
group by messages.campaign, messages.channel, messages.variant, earnings.model, earnings.currency
