-- One row per deal and landmark with tasks: those done and overdue by then, and what the contact had written or called.
{{ config(materialized='ephemeral') }}

with

landmarks as (

    select distinct deal_id, snapshot_at from {{ ref('int_deals__landmarks') }}

)

select
    landmarks.deal_id,
    landmarks.snapshot_at,
    cast(sum(case when tasks.completed_at <= landmarks.snapshot_at then 1 else 0 end) as bigint) as tasks_done_count,
    cast(sum(case
        when tasks.due_at < landmarks.snapshot_at
            and (tasks.completed_at is null or tasks.completed_at > landmarks.snapshot_at) then 1 else 0
    end) as bigint) as tasks_overdue_count,
    cast(sum(case when tasks.direction = 'inbound' then 1 else 0 end) as bigint) as inbound_count,
    max(case when tasks.direction = 'inbound' then tasks.created_at end) as last_inbound_at
from landmarks
inner join {{ ref('int_tasks__unioned') }} as tasks
    on landmarks.deal_id = tasks.deal_id and tasks.created_at <= landmarks.snapshot_at
group by landmarks.deal_id, landmarks.snapshot_at
