{# The nodes whose component may have changed: ends of new edges, and of every edge of a node that has become blocked
   or free again. #}
{% macro identity_seeds(edges, blocked, held, newest) -%}
    with flipped as (
        select held.node from {{ held }} as held
        left join {{ blocked }} as blocked on held.node = blocked.node
        where held.is_blocked <> (blocked.node is not null)
    )
    select left_node as node from {{ edges }} where batch > {{ newest }}
    union
    select right_node from {{ edges }} where batch > {{ newest }}
    union
    select node from flipped
    union
    select edges.left_node from {{ edges }} as edges inner join flipped on edges.right_node = flipped.node
    union
    select edges.right_node from {{ edges }} as edges inner join flipped on edges.left_node = flipped.node
{%- endmacro %}
