-- One row per pipeline and currency: open deals, win rate, mean won value and cycle, and what they earn a day together.
with

open_deals as (

    select pipeline, currency, count(*) as open_deal_count, cast(coalesce(sum(amount_cents), 0) as bigint) as open_cents
    from {{ ref('int_deals__now') }}
    where status = 'open'
    group by pipeline, currency

),

closed as (

    select * from {{ ref('rpt_win_rates') }}
    where dimension = 'pipeline'

)

select
    coalesce(open_deals.pipeline, closed.member) as pipeline,
    coalesce(open_deals.currency, closed.currency) as currency,
    coalesce(open_deals.open_deal_count, 0) as open_deal_count,
    coalesce(open_deals.open_cents, 0) as open_cents,
    coalesce(closed.closed_count, 0) as closed_count,
    coalesce(closed.won_count, 0) as won_count,
    closed.win_rate,
    closed.mean_won_cents,
    closed.median_won_cycle_days,
    cast(round(
        coalesce(open_deals.open_deal_count, 0) * (closed.won_count / cast(closed.closed_count as double))
        * closed.mean_won_cents / nullif(closed.median_won_cycle_days, 0)
    ) as bigint) as velocity_cents_per_day
from open_deals
full outer join closed on open_deals.pipeline = closed.member and open_deals.currency = closed.currency
