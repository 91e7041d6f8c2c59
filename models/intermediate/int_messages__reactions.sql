-- One row per open or click, with what made it (human, proxy, prefetch or scanner) and the evidence.
{{ incremental_by_key('message_id') }}

with

events as (

    select * from {{ ref('int_messages__unioned') }}
    where event in ('opened', 'clicked')
        and {{ only_touched(ref('int_messages__states'), 'message_id') }}

),

delivered as (

    select message_id, delivered_at, batch from {{ ref('int_messages__states') }}

),

reactions as (

    select
        events.message_event_id,
        events.message_id,
        events.event,
        events.url,
        events.user_agent,
        events.is_machine_by_vendor,
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

-- Breadth: three different links of one message within two seconds of each other are a scanner's.
bursts as (

    select own.message_event_id
    from clicks as own
    inner join clicks as near
        on own.message_id = near.message_id
        and near.clicked_second - own.clicked_second between -2 and 2
    group by own.message_event_id
    having count(distinct near.url) >= 3

),

judged as (

    select
        reactions.*,
        case
            when is_machine_by_vendor then 'M1 the vendor says so'
            when event = 'opened' and user_agent = 'Mozilla/5.0' then 'M8 bare user agent'
            when user_agent like '%GoogleImageProxy%' or user_agent like '%YahooMailProxy%' then 'M9 image proxy'
            when {{ matches_pattern("lower(coalesce(user_agent, ''))", 'barracuda|proofpoint|mimecast|ciscosecureemail') }}
                then 'M11 scanner by name'
            when event = 'clicked' and bursts.message_event_id is not null then 'M14 three links at once'
            when event = 'clicked' and seconds_after_delivery <= 5 then 'M13 click within five seconds'
            when event = 'opened' and seconds_after_delivery <= 1 then 'M13 open within a second'
        end as evidence
    from reactions
    left join bursts on reactions.message_event_id = bursts.message_event_id

)

select
    message_event_id,
    message_id,
    event,
    url,
    occurred_at,
    case
        when evidence is null then 'human'
        when evidence like 'M9%' then 'proxy'
        when evidence like 'M1 %' or evidence like 'M8%' then 'prefetch'
        else 'scanner'
    end as made_by,
    evidence,
    -- A proxy fetches when a person reads; its hour is real, a prefetch and a scanner count for nothing.
    coalesce(evidence like 'M9%', true) as is_human,
    batch
from judged
