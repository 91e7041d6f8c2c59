-- One row per open or click, with what made it (human, proxy, prefetch, scanner or bot) and the evidence.
with

events as (

    select * from {{ ref('int_messages__unioned') }}

),

delivered as (

    select message_id, min(occurred_at) as delivered_at
    from events
    where event = 'delivered'
    group by message_id

),

reactions as (

    select
        events.message_event_id,
        events.message_id,
        events.source,
        events.event,
        events.url,
        events.user_agent,
        events.is_machine_by_vendor,
        events.machine_flag,
        events.occurred_at,
        {{ epoch_seconds('events.occurred_at') }} - {{ epoch_seconds('delivered.delivered_at') }} as seconds_after_delivery
    from events
    left join delivered on events.message_id = delivered.message_id
    where events.event in ('opened', 'clicked')

),

clicks as (

    select message_event_id, message_id, url, {{ epoch_seconds('occurred_at') }} as clicked_second
    from reactions
    where event = 'clicked'

),

-- Breadth: a scanner follows many links at once.
bursts as (

    {{ click_bursts('clicks') }}

),

judged as (

    select
        reactions.*,
        {{ machine_evidence() }} as evidence
    from reactions
    left join bursts on reactions.message_event_id = bursts.message_event_id

)

select
    message_event_id,
    message_id,
    event,
    url,
    occurred_at,
    {{ made_by('evidence') }} as made_by,
    evidence,
    -- A proxy fetches when a person reads; a prefetch, a scanner and a bot count for nothing.
    {{ made_by('evidence') }} in ('human', 'proxy') as is_human
from judged
