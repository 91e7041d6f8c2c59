-- One row per week of creation, salesperson, kind and direction of task: how many, done, done in time, overdue, and how fast.
with

tasks as (

    select
        cast(date_trunc('week', created_at) as date) as week_on,
        coalesce(owner_id, 'none') as owner_id,
        coalesce(type, 'unknown') as type,
        coalesce(direction, 'unknown') as direction,
        due_at,
        created_at,
        case when completed_at <= {{ as_of() }} then completed_at end as completed_at
    from {{ ref('fct_tasks') }}
    where created_at <= {{ as_of() }}

)

select
    week_on,
    owner_id,
    type,
    direction,
    count(*) as task_count,
    count(completed_at) as done_count,
    cast(sum(case when completed_at <= due_at then 1 else 0 end) as bigint) as done_in_time_count,
    cast(sum(case when completed_at is null and due_at < {{ as_of() }} then 1 else 0 end) as bigint) as overdue_count,
    -- Whole seconds: halves would be rounded up by one engine and down by another.
    {{ rounded('floor(' ~ median(epoch_seconds('completed_at') ~ ' - ' ~ epoch_seconds('created_at')) ~ ') / cast(3600 as double)', 4) }}
        as median_hours_to_done
from tasks
group by week_on, owner_id, type, direction
