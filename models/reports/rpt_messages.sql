-- One row per vendor, channel, campaign and variant: outcomes, every open and click by what made it, and how fast people react.
with

reactions as (

    select
        message_id,
        sum(case when event = 'opened' and is_human then 1 else 0 end) as human_opens,
        sum(case when event = 'clicked' and is_human then 1 else 0 end) as human_clicks,
        sum(case when event = 'opened' and made_by = 'proxy' then 1 else 0 end) as proxy_opens,
        sum(case when made_by = 'prefetch' then 1 else 0 end) as prefetches,
        sum(case when made_by = 'scanner' then 1 else 0 end) as scans,
        sum(case when made_by = 'bot' then 1 else 0 end) as bot_events
    from {{ ref('fct_message_reactions') }}
    where occurred_at <= {{ as_of() }}
    group by message_id

),

-- Only what got a reaction has anything to tell beside its outcome.
answered as (

    select
        messages.source,
        messages.channel,
        messages.campaign,
        messages.variant,
        reactions.*,
        ({{ epoch_seconds('messages.opened_at') }} - {{ epoch_seconds('coalesce(messages.delivered_at, messages.sent_at)') }})
        / cast(3600 as double) as hours_to_open,
        ({{ epoch_seconds('messages.clicked_at') }} - {{ epoch_seconds('coalesce(messages.delivered_at, messages.sent_at)') }})
        / cast(3600 as double) as hours_to_click
    from {{ ref('int_messages__outcomes') }} as messages
    inner join reactions on messages.message_id = reactions.message_id

),

answers as (

    select
        source,
        channel,
        campaign,
        variant,
        sum(human_opens) as human_open_count,
        sum(human_clicks) as human_click_count,
        sum(proxy_opens) as proxy_open_count,
        sum(prefetches) as prefetch_count,
        sum(scans) as scanner_count,
        sum(bot_events) as bot_count,
        {{ rounded(median('hours_to_open'), 4) }} as median_hours_to_open,
        {{ rounded(median('hours_to_click'), 4) }} as median_hours_to_click
    from answered
    group by source, channel, campaign, variant

),

sent as (

    select days.source, days.channel, days.campaign, days.variant, {{ summed_message_counts('days') }}
    from {{ ref('int_messages__campaign_days') }} as days
    group by days.source, days.channel, days.campaign, days.variant

)

select
    sent.*,
    {% for name in ['human_open', 'human_click', 'proxy_open', 'prefetch', 'scanner', 'bot'] -%}
    cast(coalesce(answers.{{ name }}_count, 0) as bigint) as {{ name }}_count,
    {% endfor -%}
    answers.median_hours_to_open,
    answers.median_hours_to_click
from sent
left join answers
    on sent.source = answers.source
    and sent.channel = answers.channel
    and sent.campaign = answers.campaign
    and sent.variant = answers.variant
