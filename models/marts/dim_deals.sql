-- One row per deal of any CRM, with the stage it is in and how it went.
with

deals as (

    select * from {{ ref('int_deals__unioned') }}

),

stages as (

    select
        deal_id,
        max_by(stage, (entered_at, coalesce(stage_order, -1), stage)) as stage,
        max(entered_at) as stage_entered_at,
        cast(sum(case when is_regression then 1 else 0 end) as bigint) as stage_regressions
    from {{ ref('int_deals__stage_visits') }}
    group by deal_id

)

select
    deals.deal_id,
    deals.source_system,
    deals.account_id,
    nodes.contact_id,
    deals.owner_id,
    deals.name,
    deals.pipeline,
    deals.source,
    deals.currency,
    deals.status,
    coalesce(stages.stage, deals.stage) as stage,
    deals.amount_cents,
    deals.expected_close_on,
    deals.created_at,
    deals.closed_at,
    stages.stage_entered_at,
    coalesce(stages.stage_regressions, 0) as stage_regressions
from deals
left join stages on deals.deal_id = stages.deal_id
left join {{ ref('int_identity__nodes') }} as nodes on deals.contact_node = nodes.node
