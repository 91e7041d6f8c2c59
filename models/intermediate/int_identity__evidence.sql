-- One row per tie that events and messages gave, and its first time; appended when it is new or found to be older.
{{ incremental_by_append() }}

with

events as (

    select user_node, anonymous_node, previous_node, email, source, occurred_at, batch
    from {{ ref('int_events__unioned') }}
    where user_node is not null
        and batch > {{ newest_batch() }}

),

messages as (

    select recipient_node, source, occurred_at, batch
    from (
        select recipient_node, source, sent_at as occurred_at, batch from {{ ref('int_messages__states') }}
        union all
        -- Some of no message: who leaves a list, who writes to us.
        select recipient_node, source, occurred_at, batch from {{ ref('int_messages__responses') }}
        union all
        -- Whoever a message was to before it named another is known as well.
        select recipient_node, source, occurred_at, batch from {{ ref('int_messages__delivered') }}
        where message_id in (
            select message_id from {{ ref('int_messages__states') }} where has_several_nodes and batch > {{ newest_batch() }}
        )
    ) as told
    where recipient_node is not null
        and batch > {{ newest_batch() }}

),

ties as (

    select user_node as left_node, anonymous_node as right_node, 'same event' as evidence, source, occurred_at, batch
    from events
    where anonymous_node is not null

    union all

    select user_node, 'email:' || email, 'identify', source, occurred_at, batch
    from events
    where email is not null

    union all

    select previous_node, user_node, 'alias', source, occurred_at, batch
    from events
    where previous_node is not null

    union all

    -- Whoever is tied to nobody is known all the same.
    select user_node, user_node, 'seen', source, occurred_at, batch from events

    union all

    select recipient_node, recipient_node, 'messaged', source, occurred_at, batch from messages

),

fresh as (

    select left_node, right_node, evidence, source, min(occurred_at) as first_at, max(batch) as batch
    from ties
    group by left_node, right_node, evidence, source

)

select fresh.* from fresh
{% if extends_itself() %}
where not exists (
    select 1 from {{ this }} as held
    where held.left_node = fresh.left_node
        and held.right_node = fresh.right_node
        and held.evidence = fresh.evidence
        and held.source = fresh.source
        and held.first_at <= fresh.first_at
)
{% endif %}
