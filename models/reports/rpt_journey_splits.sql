-- One row per journey, split, arm and goal: how many reached it, with an interval that stays valid however often one looks.
with

outcomes as (

    select * from {{ ref('int_journeys__split_outcomes') }}

),

arms as (

    select journey, split, goal, count(*) as arm_count from outcomes
    group by journey, split, goal

),

-- Rates in steps of one ten-thousandth: those that the data do not speak against at any look.
likely as (

    select
        outcomes.journey,
        outcomes.split,
        outcomes.arm,
        outcomes.goal,
        min(grid.n) as low,
        max(grid.n) as high
    from outcomes
    inner join arms
        on outcomes.journey = arms.journey
        and outcomes.split = arms.split
        and outcomes.goal = arms.goal
    cross join (
        select hundreds.n * 100 + ones.n as n from {{ numbers() }} as hundreds cross join {{ numbers() }} as ones
    ) as grid
    where grid.n > 0
        and {{ log_evidence('outcomes.reached_count', 'outcomes.judged_count', 'grid.n / 1e4') }}
            < ln(arms.arm_count / 5e-2)
    group by outcomes.journey, outcomes.split, outcomes.arm, outcomes.goal

),

bounded as (

    select
        outcomes.*,
        greatest(coalesce(likely.low, 1) - 1, 0) / 1e4 as rate_low,
        least(coalesce(likely.high, 9999) + 1, 10000) / 1e4 as rate_high
    from outcomes
    left join likely
        on outcomes.journey = likely.journey
        and outcomes.split = likely.split
        and outcomes.arm = likely.arm
        and outcomes.goal = likely.goal

)

select
    bounded.journey,
    bounded.split,
    bounded.arm,
    bounded.goal,
    bounded.assigned_count,
    bounded.judged_count,
    bounded.reached_count,
    {{ share_of('bounded.reached_count', 'bounded.judged_count') }} as rate,
    bounded.rate_low,
    bounded.rate_high,
    coalesce(bounded.rate_low > max(others.rate_high), false) as is_clearly_best,
    coalesce(max(winners.arm) = bounded.arm, false) as is_frozen_winner
from bounded
left join bounded as others
    on bounded.journey = others.journey
    and bounded.split = others.split
    and bounded.goal = others.goal
    and bounded.arm <> others.arm
left join {{ source('journeys', 'winners') }} as winners
    on bounded.journey = winners.journey
    and bounded.split = winners.split
group by {% for place in range(10) %}{{ place + 1 }}{{ ', ' if not loop.last }}{% endfor %}
