-- Deals counted as they come and go are those that each Monday's snapshot finds open.
with

snapshots as (

    select week_on, pipeline, currency, sum(deal_count) as deal_count from {{ ref('rpt_pipeline_weekly') }}
    group by week_on, pipeline, currency

)

select flow.week_on, flow.pipeline, flow.currency, flow.open_before_count, snapshots.deal_count
from {{ ref('rpt_pipeline_flow') }} as flow
left join snapshots
    on flow.week_on = snapshots.week_on and flow.pipeline = snapshots.pipeline and flow.currency = snapshots.currency
where flow.open_before_count <> coalesce(snapshots.deal_count, 0)
