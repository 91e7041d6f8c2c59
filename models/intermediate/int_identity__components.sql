-- One row per identity node and the smallest node it is tied to, directly or over others; only what changed is recomputed.
{{ incremental_by_key('node') }}
{%- set edges, blocked, held = ref('int_identity__edges'), ref('int_identity__blocked'), this %}
{%- set everything = 'true' %}
{% if extends_itself() %}
    {% do make_work_table('identity_seeds', identity_seeds(edges, blocked, held, newest_batch())) %}
    {% do make_work_table('identity_scope', 'select node from identity_seeds union select held.node from ' ~ held
        ~ ' as held where held.component in (select known.component from ' ~ held
        ~ ' as known inner join identity_seeds as seeds on known.node = seeds.node)') %}
    {% set everything = 'edges.left_node in (select scope.node from identity_scope as scope)' %}
{% endif %}
{% set labels = none %}
{% if builds_itself() %}
    {% set labels = connected_components('select edges.left_node as a, edges.right_node as b from ' ~ edges ~ ' as edges where '
        ~ everything ~ ' and edges.left_node not in (select node from ' ~ blocked
        ~ ') and edges.right_node not in (select node from ' ~ blocked ~ ')', 'identity') %}
{% endif %}

with

nodes as (

    {% if extends_itself() %}
    select node from identity_scope
    {% else %}
    select left_node as node from {{ edges }}
    union
    select right_node from {{ edges }}
    {% endif %}

)

-- A node without evidence any more has no component, so that whoever reads this can forget it.
select
    nodes.node,
    {% if extends_itself() %}
    case when ends.node is not null then coalesce(labels.component, nodes.node) end as component,
    {% else %}
    coalesce(labels.component, nodes.node) as component,
    {% endif %}
    blocked.node is not null as is_blocked,
    (select max(edges.batch) from {{ edges }} as edges) as batch
from nodes
left join {{ labels or 'nodes' }} as labels on nodes.node = labels.node
{% if extends_itself() %}
left join (
    select left_node as node from {{ edges }} where left_node in (select scope.node from identity_scope as scope)
    union
    select right_node from {{ edges }} where right_node in (select scope.node from identity_scope as scope)
) as ends on nodes.node = ends.node
{% endif %}
left join {{ blocked }} as blocked on nodes.node = blocked.node
