-- One row per identity node and the smallest node it is tied to, directly or over others, by label propagation.
{% set rounds = 6 %}

with

edges as (

    select left_node as from_node, right_node as to_node from {{ ref('int_identity__edges') }}
    union all
    select right_node, left_node from {{ ref('int_identity__edges') }}
    -- Each node is a neighbour of its own, so a round reads the one before it once (Spark computes a CTE per reading).
    union all
    select left_node, left_node from {{ ref('int_identity__edges') }}
    union all
    select right_node, right_node from {{ ref('int_identity__edges') }}

),

round_0 as (

    select distinct from_node as node, from_node as label from edges

),

{% for round in range(1, rounds + 1) %}
round_{{ round }} as (

    select
        edges.from_node as node,
        min(neighbour.label) as label
    from edges
    inner join round_{{ round - 1 }} as neighbour on edges.to_node = neighbour.node
    group by edges.from_node

){{ "," if not loop.last }}
{% endfor %}

select
    node,
    label as component
from round_{{ rounds }}
