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

messages as (

    select
        *,
        ({{ epoch_seconds('opened_at') }} - {{ epoch_seconds('coalesce(delivered_at, sent_at)') }}) / cast(3600 as double) as hours_to_open,
        ({{ epoch_seconds('clicked_at') }} - {{ epoch_seconds('coalesce(delivered_at, sent_at)') }}) / cast(3600 as double) as hours_to_click
    from {{ ref('int_messages__outcomes') }}

)

select
    messages.source,
    messages.channel,
    messages.campaign,
    messages.variant,
    {{ message_counts('messages') }},
    cast(coalesce(sum(reactions.human_opens), 0) as bigint) as human_open_count,
    cast(coalesce(sum(reactions.human_clicks), 0) as bigint) as human_click_count,
    cast(coalesce(sum(reactions.proxy_opens), 0) as bigint) as proxy_open_count,
    cast(coalesce(sum(reactions.prefetches), 0) as bigint) as prefetch_count,
    cast(coalesce(sum(reactions.scans), 0) as bigint) as scanner_count,
    cast(coalesce(sum(reactions.bot_events), 0) as bigint) as bot_count,
    {{ rounded(median('messages.hours_to_open'), 4) }} as median_hours_to_open,
    {{ rounded(median('messages.hours_to_click'), 4) }} as median_hours_to_click
from messages
left join reactions on messages.message_id = reactions.message_id
group by messages.source, messages.channel, messages.campaign, messages.variant
