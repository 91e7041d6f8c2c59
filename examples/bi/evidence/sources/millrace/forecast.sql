select
    month_on,
    pipeline,
    currency,
    deal_count as deals,
    amount_cents / 100 as amount,
    stage_weighted_cents / 100 as by_stage,
    probability_weighted_cents / 100 as by_win_probability
from reports.rpt_forecast
where timing = 'expected'
order by month_on, pipeline
