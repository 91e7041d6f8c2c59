-- One row per identity node of a contact and the moment from which it was known to be theirs, for features as of the past.
{%- set rounds = 3 %}
with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}

),

-- A tie without a time is one that always was: a record's own address.
edges as (

    select
        left_node, right_node,
        min(coalesce(first_at, cast('1970-01-01' as timestamp))) as first_at
    from {{ ref('int_identity__edges') }}
    where first_at is null or first_at <= {{ as_of() }}
    group by left_node, right_node

),

ties as (

    select left_node as node, right_node as other, first_at from edges
    where left_node <> right_node
    union all
    select right_node, left_node, first_at from edges
    where left_node <> right_node

),

-- The first record or user of a contact is known from when it was first seen; all else from when it was tied to that one.
anchors as (

    select
        nodes.contact_id,
        min(edges.first_at) as known_at,
        min_by(nodes.node, (edges.first_at, nodes.node)) as node
    from edges
    inner join nodes on edges.left_node = nodes.node
    where edges.left_node = edges.right_node
    group by nodes.contact_id

),

known_0 as (

    select nodes.node, nodes.contact_id, anchors.known_at
    from nodes
    left join anchors on nodes.node = anchors.node

),

{% for round in range(1, rounds + 1) %}
known_{{ round }} as (

    select
        nodes.node, nodes.contact_id,
        min(least(
            coalesce(nodes.known_at, cast('9999-12-31' as timestamp)),
            -- Not `greatest`, which forgets that the other may not be known at all.
            coalesce(case when ties.first_at > others.known_at then ties.first_at else others.known_at end, cast('9999-12-31' as timestamp))
        )) as known_at
    from known_{{ round - 1 }} as nodes
    left join ties on nodes.node = ties.node
    left join known_{{ round - 1 }} as others
        on ties.other = others.node and nodes.contact_id = others.contact_id and others.known_at is not null
    group by nodes.node, nodes.contact_id

),

{% endfor %}
reached as (

    select * from known_{{ rounds }} where known_at < cast('9999-12-31' as timestamp)

)

select node, contact_id, known_at from reached
