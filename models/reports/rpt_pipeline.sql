-- One row per pipeline and stage of open deals: how many, worth how much, and how much by win probability.
select
    deals.pipeline,
    coalesce(deals.stage, 'unknown') as stage,
    deals.currency,
    count(*) as deal_count,
    cast(coalesce(sum(deals.amount_cents), 0) as bigint) as amount_cents,
    cast(round(coalesce(sum(deals.amount_cents * scores.win_probability), 0)) as bigint) as weighted_cents,
    round(avg(scores.win_probability), 4) as mean_win_probability
from {{ ref('dim_deals') }} as deals
left join {{ ref('score_win_probability') }} as scores on deals.deal_id = scores.deal_id
where deals.status = 'open'
group by deals.pipeline, coalesce(deals.stage, 'unknown'), deals.currency
