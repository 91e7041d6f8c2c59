-- One row per campaign, channel and variant: what became of its messages, human reactions, and the orders its last clicks earned.
with

counted as (

    select
        days.campaign,
        days.channel,
        days.variant,
        {{ summed_message_counts('days') }},
        min(days.first_sent_at) as first_sent_at,
        max(days.last_sent_at) as last_sent_at
    from {{ ref('int_messages__campaign_days') }} as days
    group by days.campaign, days.channel, days.variant

),

-- Currencies are never added up: revenue is told in the one that most orders have.
currencies as (

    select currency, count(*) as order_count from {{ ref('fct_orders') }}
    where ordered_at <= {{ as_of() }}
    group by currency

),

main as (

    select currency from currencies
    qualify row_number() over (order by order_count desc nulls last, currency nulls last) = 1

),

earned as (

    select
        revenue.campaign,
        revenue.channel,
        revenue.variant,
        sum(revenue.order_share) as order_share,
        sum(case when revenue.currency = main.currency then revenue.revenue_cents else 0 end) as revenue_cents,
        sum(case when revenue.currency <> main.currency then revenue.order_share else 0 end) as other_share
    from {{ ref('rpt_campaign_revenue') }} as revenue
    cross join main
    where revenue.model = 'last'
    group by revenue.campaign, revenue.channel, revenue.variant

)

select
    counted.campaign,
    counted.channel,
    counted.variant,
    {% for name in message_count_names() -%}
    counted.{{ name }},
    {% endfor -%}
    {{ share_of('counted.delivered_count', 'counted.sent_count') }} as delivery_rate,
    {{ share_of('counted.opened_count', 'counted.delivered_count') }} as open_rate,
    {{ share_of('counted.clicked_count', 'counted.delivered_count') }} as click_rate,
    {{ share_of('counted.unsubscribed_count', 'counted.delivered_count') }} as unsubscribe_rate,
    {{ share_of('counted.complained_count', 'counted.delivered_count') }} as complaint_rate,
    cast(round(coalesce(earned.order_share, 0)) as bigint) as order_count,
    cast(round(coalesce(earned.other_share, 0)) as bigint) as other_currency_order_count,
    main.currency,
    cast(coalesce(earned.revenue_cents, 0) as bigint) as revenue_cents,
    {{ rounded('cast(coalesce(earned.revenue_cents, 0) as double) / nullif(counted.delivered_count, 0)', 4) }} as revenue_per_delivered_cents,
    counted.first_sent_at,
    counted.last_sent_at
from counted
left join main on true
left join earned
    on counted.campaign = earned.campaign
    and counted.channel = earned.channel
    and counted.variant = earned.variant
