-- One row per journey, split, arm and goal: contacts assigned, those whose time to reach the goal is over, and who did in it.
with

-- A contact is judged once, when its days are over: an interval over those whose days still run would favour the quick.
judged as (

    select
        journey,
        split,
        arm,
        contact_id,
        assigned_at,
        {{ dbt.dateadd('day', var('journey_goal_days'), 'assigned_at') }} as judged_at
    from {{ source('journeys', 'assignments') }}

),

goals as (

    select distinct journey, goal from {{ source('journeys', 'achievements') }}

),

arms as (

    select distinct judged.journey, judged.split, judged.arm, coalesce(goals.goal, 'none reached yet') as goal
    from judged
    left join goals on judged.journey = goals.journey

),

reached as (

    select distinct judged.journey, judged.split, judged.contact_id, achievements.goal
    from judged
    inner join {{ source('journeys', 'achievements') }} as achievements
        on judged.journey = achievements.journey
        and judged.contact_id = achievements.contact_id
    where achievements.outcome = 'achieved'
        and achievements.achieved_at >= judged.assigned_at
        and achievements.achieved_at < judged.judged_at

)

select
    arms.journey,
    arms.split,
    arms.arm,
    arms.goal,
    count(*) as assigned_count,
    cast(sum(case when judged.judged_at <= clock.as_of then 1 else 0 end) as bigint) as judged_count,
    cast(sum(case when judged.judged_at <= clock.as_of and reached.contact_id is not null then 1 else 0 end) as bigint)
        as reached_count
from arms
inner join judged
    on arms.journey = judged.journey
    and arms.split = judged.split
    and arms.arm = judged.arm
cross join (select {{ as_of() }} as as_of) as clock
left join reached
    on judged.journey = reached.journey
    and judged.split = reached.split
    and judged.contact_id = reached.contact_id
    and arms.goal = reached.goal
group by arms.journey, arms.split, arms.arm, arms.goal
