-- One row per identity node that would tie strangers together, with the evidence; it ties nobody.
with

ties as (

    select * from {{ ref('int_identity__ties') }}

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

)

select node, min(reason) as reason, max(tie_count) as tie_count, max(most) as most, min(one) as one, max(another) as another
from shared
group by node
