-- One row per stay of a deal in a stage, with when it left and whether it was a step back.
with

entries as (

    select
        deal_id,
        stage,
        entered_at,
        case stage
            when 'prospecting' then 1
            when 'qualified' then 1
            when 'engaging' then 2
            when 'proposal' then 2
            when 'negotiation' then 3
            else 9
        end as stage_order
    from {{ ref('stg_crm__deal_stages') }}

    union all

    select
        deal_id,
        stage,
        coalesce(closed_at, created_at),
        case stage when 'prospecting' then 1 when 'engaging' then 2 else 9 end
    from {{ ref('stg_maven__deals') }}
    where coalesce(closed_at, created_at) is not null

    union all

    select
        deal_id,
        stage,
        entered_at,
        stage_order
    from {{ ref('int_deals__stages_activecampaign') }}

)

select
    deal_id,
    stage,
    stage_order,
    entered_at,
    lead(entered_at) over (
        partition by deal_id order by entered_at nulls last, stage_order nulls last, stage nulls last
    ) as left_at,
    coalesce(stage_order < max(stage_order) over (
        partition by deal_id order by entered_at nulls last, stage_order nulls last, stage nulls last
        rows between unbounded preceding and 1 preceding
    ), false) as is_regression
from entries
