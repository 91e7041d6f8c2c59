-- One row per message with its state and its times, whatever order its events came in; recomputed when one comes in.
{{ incremental_by_key('message_id') }}

with

events as (

    select * from {{ ref('int_messages__unioned') }}
    where event <> 'inbound'
        and {{ only_touched(ref('int_messages__unioned'), 'message_id') }}
        and {{ since_touched('event_date', ref('int_messages__unioned'), 'message_id', this) }}

)

select
    message_id,
    max(message_key) as message_key,
    max(source) as source,
    max(channel) as channel,
    max(recipient_node) as recipient_node,
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
    end) as state_rank,
    max(batch) as batch
from events
where message_id is not null
group by message_id
