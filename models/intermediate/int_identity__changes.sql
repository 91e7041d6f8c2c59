-- One row per change of a node's contact: first known, moved to another (merge or split), or let go; appended, never rebuilt.
{{ incremental_by_append() }}
{{ config(full_refresh=false, meta={'keeps_history': true}) }}

with

-- Every node that was recomputed, whether it belongs to somebody or not.
nodes as (

    select components.node, nodes.contact_id, components.batch
    from {{ ref('int_identity__components') }} as components
    left join {{ ref('int_identity__nodes') }} as nodes on components.node = nodes.node
    where components.batch > {{ newest_batch() }}

)

select
    nodes.node,
    {% if extends_itself() %}held.contact_id{% else %}cast(null as {{ dbt.type_string() }}){% endif %} as previous_contact_id,
    nodes.contact_id,
    {{ as_of() }} as changed_at,
    nodes.batch
from nodes
{% if extends_itself() %}
left join (
    select node, contact_id from {{ this }}
    where node in (select nodes.node from nodes)
    qualify row_number() over (partition by node order by batch desc nulls last) = 1
) as held on nodes.node = held.node
where nodes.contact_id is distinct from held.contact_id
{% else %}
where nodes.contact_id is not null
{% endif %}
