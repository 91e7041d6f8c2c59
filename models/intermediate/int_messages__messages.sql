-- One row per message with its state, its times and the human reactions to it; recomputed when one of its events comes in.
{{ incremental_by_key('message_id') }}

with

states as (

    select * from {{ ref('int_messages__states') }}
    where batch > {{ newest_batch() }}

),

reactions as (

    select
        message_id,
        min(case when event = 'opened' and is_human then occurred_at end) as first_opened_at,
        min(case when event = 'clicked' and is_human then occurred_at end) as first_clicked_at,
        cast(sum(case when is_human then 0 else 1 end) as bigint) as machine_event_count
    from {{ ref('int_messages__reactions') }}
    where {{ only_touched(ref('int_messages__states'), 'message_id') }}
        and {{ since_touched('occurred_at', ref('int_messages__states'), 'message_id', relation_day='cast(sent_at as date)') }}
    group by message_id

)

select
    states.message_id,
    states.message_key,
    states.source,
    states.channel,
    states.recipient_node,
    states.campaign,
    states.variant,
    {{ message_state('states.state_rank') }} as state,
    states.failure,
    states.sent_at,
    states.delivered_at,
    states.failed_at,
    reactions.first_opened_at,
    reactions.first_clicked_at,
    states.unsubscribed_at,
    states.complained_at,
    coalesce(reactions.machine_event_count, 0) as machine_event_count,
    states.batch
from states
left join reactions on states.message_id = reactions.message_id
