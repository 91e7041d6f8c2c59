-- One row per attribution model, channel, campaign, month of the order and currency: revenue and orders (in parts) ascribed to it.
select
    model,
    channel,
    coalesce(campaign, 'none') as campaign,
    cast(date_trunc('month', ordered_at) as date) as month_on,
    currency,
    count(distinct order_id) as order_count,
    cast(sum(revenue_cents) as bigint) as revenue_cents
from {{ ref('fct_attribution') }}
group by model, channel, coalesce(campaign, 'none'), cast(date_trunc('month', ordered_at) as date), currency
