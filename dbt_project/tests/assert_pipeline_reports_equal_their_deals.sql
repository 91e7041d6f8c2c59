-- The pipeline, its forecast and its owners hold each open deal once, with all of its cents.
with

deals as (

    select count(*) as deal_count, coalesce(sum(amount_cents), 0) as amount_cents
    from {{ ref('dim_deals') }}
    where (status = 'open' or closed_at > {{ as_of() }})
        and (created_at is null or created_at <= {{ as_of() }})

),

reported as (

    select 'rpt_pipeline' as report, sum(deal_count) as deal_count, sum(amount_cents) as amount_cents from {{ ref('rpt_pipeline') }}
    union all
    select 'rpt_forecast', sum(deal_count), sum(amount_cents) from {{ ref('rpt_forecast') }}
    union all
    select 'rpt_owners', sum(open_count), sum(open_cents) from {{ ref('rpt_owners') }}
    union all
    select 'rpt_pipeline_velocity', sum(open_deal_count), sum(open_cents) from {{ ref('rpt_pipeline_velocity') }}

)

select reported.report, reported.deal_count, deals.deal_count as expected_count, reported.amount_cents, deals.amount_cents as expected_cents
from reported
cross join deals
where coalesce(reported.deal_count, 0) <> deals.deal_count
    or coalesce(reported.amount_cents, 0) <> deals.amount_cents
