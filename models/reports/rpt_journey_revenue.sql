-- One row per journey, channel, attribution model and currency: orders (in parts) and revenue that its messages' clicks earned.
select
    campaign as journey,
    channel,
    model,
    currency,
    {{ rounded('sum(order_share)', 4) }} as order_share,
    cast(sum(revenue_cents) as bigint) as revenue_cents
from {{ ref('rpt_campaign_revenue') }}
where campaign in (select nodes.journey from {{ source('journeys', 'nodes') }} as nodes)
group by campaign, channel, model, currency
