select week_on, stage, sum(deal_count) as deals, sum(amount_cents) / 100 as amount
from reports.rpt_pipeline_weekly
group by week_on, stage
order by week_on, stage
