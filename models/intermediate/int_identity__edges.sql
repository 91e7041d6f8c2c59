-- One row per pair of identity nodes that evidence ties together.
{{ config(materialized='table') }}

with

contacts as (

    select * from {{ ref('int_contacts__records') }}

),

events as (

    select distinct user_node, anonymous_node, previous_node, email
    from {{ ref('int_events__unioned') }}
    where user_node is not null

),

-- A device that more than three people identify on is shared: it ties nobody together.
shared_devices as (

    select anonymous_node
    from events
    where anonymous_node is not null
    group by anonymous_node
    having count(distinct user_node) > 3

),

edges as (

    select record_node as left_node, 'email:' || email as right_node, source || ' contact' as evidence
    from contacts
    where email is not null

    union

    -- A phone that serves several e-mail addresses is a family's or an office's: it ties nobody together.
    select record_node, 'phone:' || phone, source || ' contact'
    from contacts
    where phone in (
        select own.phone from contacts as own
        where own.phone is not null
        group by own.phone
        having count(distinct coalesce(own.email, own.record_node)) = 1
    )

    union

    select record_node, user_node, source || ' contact'
    from contacts
    where user_node is not null

    union

    select user_node, anonymous_node, 'same event'
    from events
    where anonymous_node is not null
        and anonymous_node not in (select shared_devices.anonymous_node from shared_devices)

    union

    select user_node, 'email:' || email, 'identify'
    from events
    where email is not null

    union

    select previous_node, user_node, 'alias'
    from events
    where previous_node is not null

)

select
    left_node,
    right_node,
    min(evidence) as evidence
from edges
group by left_node, right_node
