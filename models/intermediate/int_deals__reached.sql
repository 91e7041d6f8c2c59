-- One row per deal and stage that it ever entered until now: how often, for how long, and how the deal went.
with

visits as (

    select
        *,
        case when left_at <= {{ as_of() }} then left_at end as seen_left_at
    from {{ ref('int_deals__stage_visits') }}
    where entered_at <= {{ as_of() }}

),

stays as (

    select
        deal_id,
        stage,
        cast(min(stage_order) as bigint) as stage_order,
        count(*) as visit_count,
        min(entered_at) as first_entered_at,
        sum({{ epoch_seconds('seen_left_at') }} - {{ epoch_seconds('entered_at') }}) / cast(86400 as double) as stay_days,
        max(case when seen_left_at is null then 1 else 0 end) = 1 as is_in_it
    from visits
    group by deal_id, stage

)

select
    stays.deal_id,
    deals.pipeline,
    deals.source_system,
    stays.stage,
    stays.stage_order,
    stays.visit_count,
    stays.first_entered_at,
    stays.stay_days,
    stays.is_in_it,
    deals.status,
    deals.closed_at,
    -- Further means a later stage of this deal's own history, or that it was won.
    deals.status = 'won' or coalesce(
        max(case when stays.stage not in ('won', 'lost') then stays.stage_order end) over (partition by stays.deal_id)
        > stays.stage_order,
        false
    ) as is_advanced
from stays
inner join {{ ref('int_deals__now') }} as deals on stays.deal_id = deals.deal_id
