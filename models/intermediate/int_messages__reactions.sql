-- One row per open or click, with what made it (human, proxy, prefetch, scanner or bot) and the evidence.
{{ incremental_by_key('message_id') }}

with

events as (

    select * from {{ ref('int_messages__responses') }}
    where event in ('opened', 'clicked')
        and {{ only_touched(ref('int_messages__states'), 'message_id') }}
        and {{ since_touched('event_date', ref('int_messages__states'), 'message_id', relation_day='cast(sent_at as date)') }}

),

delivered as (

    select message_id, delivered_at, batch from {{ ref('int_messages__states') }}

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
        delivered.batch,
        {{ epoch_seconds('events.occurred_at') }} - {{ epoch_seconds('delivered.delivered_at') }} as seconds_after_delivery
    from events
    left join delivered on events.message_id = delivered.message_id

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
    {{ made_by('evidence') }} in ('human', 'proxy') as is_human,
    batch
from judged
