-- One row per open or click, with what made it (human, proxy, prefetch, scanner or bot) and the evidence.
{{ incremental_by_key('message_id') }}
{% set states, responses = ref('int_messages__states'), ref('int_messages__responses') %}
{% set touched = only_touched(states, 'message_id') ~ ' and '
    ~ since_touched('event_date', states, 'message_id', relation_day='cast(sent_at as date)') %}

with

-- Wide rows are read once and only looked up in what is small: few reactions are too quick or come in bursts.
clicks as (

    select message_event_id, message_id, url, {{ epoch_seconds('occurred_at') }} as clicked_second
    from {{ responses }}
    where event = 'clicked'
        and {{ touched }}

),

-- Breadth: a scanner follows many links at once.
bursts as (

    {{ click_bursts('clicks') }}

),

moments as (

    select message_event_id, message_id, {{ epoch_seconds('occurred_at') }} as reacted_second
    from {{ responses }}
    where event in ('opened', 'clicked')
        and {{ touched }}

),

deliveries as (

    select message_id, {{ epoch_seconds('delivered_at') }} as delivered_second from {{ states }}
    where delivered_at is not null

),

quick as (

    select moments.message_event_id, moments.reacted_second - deliveries.delivered_second as seconds_after_delivery
    from moments
    inner join deliveries on moments.message_id = deliveries.message_id
    where moments.reacted_second - deliveries.delivered_second <= {{ quick_seconds() }}

),

newest as (

    select max(batch) as batch from {{ states }}

),

judged as (

    select
        events.message_event_id,
        events.message_id,
        events.event,
        events.url,
        events.occurred_at,
        {{ machine_evidence() }} as evidence
    from {{ responses }} as events
    left join bursts on events.message_event_id = bursts.message_event_id
    left join quick on events.message_event_id = quick.message_event_id
    where events.event in ('opened', 'clicked')
        and {{ touched }}

)

select
    judged.message_event_id,
    judged.message_id,
    judged.event,
    judged.url,
    judged.occurred_at,
    {{ made_by('judged.evidence') }} as made_by,
    judged.evidence,
    -- A proxy fetches when a person reads; a prefetch, a scanner and a bot count for nothing.
    {{ made_by('judged.evidence') }} in ('human', 'proxy') as is_human,
    newest.batch
from judged
cross join newest
