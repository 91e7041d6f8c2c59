-- One row per message with its state, its times and the human reactions to it.
with

events as (

    select * from {{ ref('int_messages__unioned') }}

),

reactions as (

    select
        message_id,
        min(case when event = 'opened' and is_human then occurred_at end) as first_opened_at,
        min(case when event = 'clicked' and is_human then occurred_at end) as first_clicked_at,
        cast(sum(case when is_human then 0 else 1 end) as bigint) as machine_event_count
    from {{ ref('int_messages__reactions') }}
    group by message_id

),

states as (

    select
        message_id,
        max(message_key) as message_key,
        max(source) as source,
        max(channel) as channel,
        max(recipient_node) as recipient_node,
        max(recipient) as recipient,
        max(campaign) as campaign,
        max(variant) as variant,
        min(occurred_at) as sent_at,
        min(case when event = 'delivered' then occurred_at end) as delivered_at,
        min(case when event in ('bounced', 'failed', 'rejected') then occurred_at end) as failed_at,
        max(case when event in ('bounced', 'failed', 'rejected') then coalesce(bounce_class, reason, event) end) as failure,
        min(case when event = 'unsubscribed' then occurred_at end) as unsubscribed_at,
        min(case when event = 'complained' then occurred_at end) as complained_at,
        -- The highest rank seen, whatever order the events came in.
        max(case event
            when 'queued' then 1
            when 'sent' then 2
            when 'deferred' then 3
            when 'delivered' then 4
            when 'read' then 4
            when 'canceled' then 5
            when 'failed' then 6
            when 'rejected' then 7
            when 'bounced' then 8
            else 0
        end) as state_rank
    from events
    where event <> 'inbound'
    group by message_id

)

select
    states.message_id,
    states.message_key,
    states.source,
    states.channel,
    states.recipient_node,
    states.recipient,
    states.campaign,
    states.variant,
    case states.state_rank
        when 1 then 'queued'
        when 2 then 'sent'
        when 3 then 'deferred'
        when 4 then 'delivered'
        when 5 then 'canceled'
        when 6 then 'failed'
        when 7 then 'rejected'
        when 8 then 'bounced'
        else 'unknown'
    end as state,
    states.failure,
    states.sent_at,
    states.delivered_at,
    states.failed_at,
    reactions.first_opened_at,
    reactions.first_clicked_at,
    states.unsubscribed_at,
    states.complained_at,
    coalesce(reactions.machine_event_count, 0) as machine_event_count
from states
left join reactions on states.message_id = reactions.message_id
