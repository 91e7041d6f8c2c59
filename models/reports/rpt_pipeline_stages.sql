-- One row per pipeline and stage: deals that ever entered it, how many went on, were won or lost, and how long they stayed.
select
    pipeline,
    stage,
    cast(min(stage_order) as bigint) as stage_order,
    count(*) as entered_count,
    cast(sum(case when is_advanced then 1 else 0 end) as bigint) as advanced_count,
    cast(sum(case when status = 'won' then 1 else 0 end) as bigint) as won_count,
    cast(sum(case when status = 'lost' then 1 else 0 end) as bigint) as lost_count,
    cast(sum(case when status = 'open' then 1 else 0 end) as bigint) as open_count,
    cast(sum(case when is_in_it and status = 'open' then 1 else 0 end) as bigint) as in_stage_count,
    {{ share_of("sum(case when is_advanced then 1 else 0 end)", "sum(case when is_advanced or status = 'lost' then 1 else 0 end)") }}
        as conversion_rate,
    {{ share_of("sum(case when status = 'won' then 1 else 0 end)", "sum(case when status in ('won', 'lost') then 1 else 0 end)") }}
        as win_rate,
    {{ rounded(median('stay_days'), 4) }} as median_stay_days,
    {{ rounded('avg(stay_days)', 4) }} as mean_stay_days
from {{ ref('int_deals__reached') }}
where stage not in ('won', 'lost')
group by pipeline, stage
