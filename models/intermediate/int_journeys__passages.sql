-- One row per step that a stay in a journey left, or stands at now: when it arrived, when and which way it left.
with

left_behind as (

    select
        transitions.enrollment_no,
        transitions.node,
        coalesce(
            lag(transitions.left_at) over (
                partition by transitions.enrollment_no
                order by transitions.tick_at nulls last, transitions.round nulls last, transitions.left_at nulls last
            ),
            enrollments.entered_at
        ) as arrived_at,
        transitions.left_at,
        transitions.branch
    from {{ source('journeys', 'transitions') }} as transitions
    inner join {{ source('journeys', 'enrollments') }} as enrollments
        on transitions.enrollment_no = enrollments.enrollment_no

),

passages as (

    select enrollment_no, node, arrived_at, left_at, branch from left_behind

    union all

    select enrollment_no, node, arrived_at, cast(null as timestamp), cast(null as {{ dbt.type_string() }})
    from {{ source('journeys', 'positions') }}

)

select
    nodes.journey,
    nodes.version,
    nodes.step_id,
    nodes.kind,
    passages.enrollment_no,
    passages.arrived_at,
    passages.left_at,
    passages.branch,
    {{ epoch_seconds('passages.left_at') }} - {{ epoch_seconds('passages.arrived_at') }} as stayed_seconds
from passages
inner join {{ source('journeys', 'nodes') }} as nodes on passages.node = nodes.node
