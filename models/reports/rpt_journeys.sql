-- One row per journey, version and day (UTC) on which anything began or ended: how many entered, how it ended, who is inside.
with

moments as (

    select enrollment_no, cast(entered_at as date) as day, 'entered' as what
    from {{ source('journeys', 'enrollments') }}

    union all

    select enrollment_no, cast(ended_at as date), status
    from {{ source('journeys', 'enrollments') }}
    where ended_at is not null

    union all

    select enrollment_no, cast(achieved_at as date), 'goal'
    from {{ source('journeys', 'achievements') }}
    where outcome = 'achieved'

),

daily as (

    select
        enrollments.journey,
        enrollments.version,
        moments.day,
        {% for what in ['entered', 'achieved', 'completed', 'exited', 'goal'] -%}
        cast(sum(case when moments.what = '{{ what }}' then 1 else 0 end) as bigint) as {{ what }}_count,
        {% endfor -%}
        cast(sum(case when moments.what not in ('entered', 'goal', 'achieved', 'completed', 'exited') then 1 else 0 end) as bigint)
            as otherwise_ended_count
    from moments
    inner join {{ source('journeys', 'enrollments') }} as enrollments on moments.enrollment_no = enrollments.enrollment_no
    group by enrollments.journey, enrollments.version, moments.day

)

select
    journey,
    version,
    day,
    entered_count,
    goal_count,
    achieved_count,
    completed_count,
    exited_count,
    otherwise_ended_count,
    cast(sum(entered_count - achieved_count - completed_count - exited_count - otherwise_ended_count) over (
        partition by journey, version order by day nulls last
    ) as bigint) as active_count
from daily
