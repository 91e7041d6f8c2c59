-- One row per identity node that would tie strangers together, with the evidence; and, without a reason, some that no longer would.
{{ incremental_by_key('node') }}
{%- set edges = ref('int_identity__edges') %}
{%- set is_narrow = extends_itself() and newest_batch() | int > -1 %}
{%- if is_narrow %}
    {#- More ties come with new edges only; that there are less is news of nodes that are blocked. #}
    {%- do make_work_table('identity_candidates', 'select left_node as node from ' ~ edges ~ ' where batch > ' ~ newest_batch()
        ~ ' union select right_node from ' ~ edges ~ ' where batch > ' ~ newest_batch() ~ ' union select node from ' ~ this) %}
{%- endif %}

with

ties as (

    {{ identity_ties(edges, 'identity_candidates' if is_narrow else none) }}

),

-- Most nodes tie one person: they are passed over before anybody is counted twice.
crowded as (

    select {{ short_hash('node') }} as node_hash, reason
    from ties
    group by {{ short_hash('node') }}, reason
    having count(*) > max(most)

),

shared as (

    select ties.node, ties.reason, count(distinct ties.other) as tie_count, max(ties.most) as most,
        min(ties.other) as one, max(ties.other) as another
    from ties
    inner join crowded on {{ short_hash('ties.node') }} = crowded.node_hash and ties.reason = crowded.reason
    group by ties.node, ties.reason
    having count(distinct ties.other) > max(ties.most)

),

blocked as (

    select node, min(reason) as reason, max(tie_count) as tie_count, max(most) as most, min(one) as one, max(another) as another
    from shared
    group by node

)

select blocked.*, (select max(edges.batch) from {{ edges }} as edges) as batch
from blocked

union all

-- Free again; or, to begin with, any node at all: somebody must say up to which load was looked.
select held.node, null, null, null, null, null, (select max(edges.batch) from {{ edges }} as edges)
from {{ '(select node from ' ~ this ~ ')' if is_narrow else '(select min(left_node) as node from ' ~ edges ~ ')' }} as held
where held.node is not null
    and held.node not in (select blocked.node from blocked)
