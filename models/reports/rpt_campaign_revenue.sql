-- One row per campaign, channel, variant, attribution model and currency: orders (in parts) and revenue that its clicks earned.
with

shares as (

    select order_id, touch_id, model, share from {{ ref('int_attribution__weights') }}
    where share > 0

)

select
    messages.campaign,
    messages.channel,
    messages.variant,
    attribution.model,
    attribution.currency,
    {{ rounded('sum(shares.share)', 4) }} as order_share,
    cast(sum(attribution.revenue_cents) as bigint) as revenue_cents
from {{ ref('fct_attribution') }} as attribution
inner join {{ ref('int_messages__outcomes') }} as messages on attribution.touch_id = messages.message_id
inner join shares
    on attribution.order_id = shares.order_id
    and attribution.touch_id = shares.touch_id
    and attribution.model = shares.model
group by messages.campaign, messages.channel, messages.variant, attribution.model, attribution.currency
