-- One row per moment at which soft bounces of an address became as good as a hard one: too many messages in too few days.
{{ config(materialized='ephemeral') }}
{%- set limit, days = var('soft_bounce_limit', 5) | int, var('soft_bounce_days', 30) | int %}

with

-- A message that is tried several times counts once, at its first refusal.
bounces as (

    select
        recipient_node,
        channel,
        source,
        message_id,
        min(message_event_id) as evidence,
        min(occurred_at) as occurred_at,
        max(batch) as batch
    from {{ ref('int_messages__responses') }}
    where event = 'bounced' and bounce_class = 'soft' and {{ node_address('recipient_node') }} is not null
    group by recipient_node, channel, source, message_id

),

deliveries as (

    select recipient_node, channel, delivered_at as occurred_at
    from {{ ref('int_messages__states') }}
    where delivered_at is not null
        -- Said here as well: all deliveries would be prepared for the join else.
        and recipient_node in (select bounces.recipient_node from bounces)

),

-- A delivery shows that the address works: counting starts anew.
runs as (

    select
        bounces.recipient_node, bounces.channel, bounces.source, bounces.message_id, bounces.evidence,
        bounces.occurred_at, bounces.batch,
        max(deliveries.occurred_at) as worked_at
    from bounces
    left join deliveries
        on bounces.recipient_node = deliveries.recipient_node
        and bounces.channel = deliveries.channel
        and bounces.occurred_at >= deliveries.occurred_at
    group by
        bounces.recipient_node, bounces.channel, bounces.source, bounces.message_id, bounces.evidence,
        bounces.occurred_at, bounces.batch

),

counted as (

    select
        *,
        lag(occurred_at, {{ limit - 1 }}) over (
            partition by recipient_node, channel, worked_at
            order by occurred_at nulls last, message_id nulls last
        ) as first_at
    from runs

)

select
    {{ node_address('recipient_node') }} as address,
    channel,
    'any' as purpose,
    'hard_bounce' as status,
    source || ':soft_bounces' as method,
    source,
    false as is_explicit,
    evidence,
    cast(null as timestamp) as expires_at,
    occurred_at,
    batch
from counted
where first_at >= {{ dbt.dateadd('day', -days, 'occurred_at') }}
