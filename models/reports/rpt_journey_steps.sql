-- One row per step of a journey's version: how many stays reached it, wait there and left it, and how long they stood.
with

entered as (

    select journey, version, count(*) as entered_count
    from {{ source('journeys', 'enrollments') }}
    group by journey, version

),

passed as (

    select
        journey,
        version,
        step_id,
        count(distinct enrollment_no) as reached_count,
        sum(case when left_at is null then 1 else 0 end) as waiting_count,
        sum(case when left_at is not null then 1 else 0 end) as left_count,
        {{ median('stayed_seconds') }} as median_seconds
    from {{ ref('int_journeys__passages') }}
    group by journey, version, step_id

)

select
    nodes.journey,
    nodes.version,
    nodes.step_id,
    nodes.kind,
    cast(nodes.ordinal as bigint) as ordinal,
    cast(coalesce(passed.reached_count, 0) as bigint) as reached_count,
    {{ share_of('coalesce(passed.reached_count, 0)', 'entered.entered_count') }} as share_of_entered,
    cast(coalesce(passed.waiting_count, 0) as bigint) as waiting_count,
    cast(coalesce(passed.left_count, 0) as bigint) as left_count,
    {{ rounded('passed.median_seconds / 3600', 3) }} as median_hours
from {{ source('journeys', 'nodes') }} as nodes
left join passed
    on nodes.journey = passed.journey
    and nodes.version = passed.version
    and nodes.step_id = passed.step_id
left join entered on nodes.journey = entered.journey and nodes.version = entered.version
