-- One row per pipeline and stage of open deals: how many, worth how much, how much by win probability, how many late and how old.
select
    deals.pipeline,
    deals.stage,
    deals.currency,
    count(*) as deal_count,
    cast(coalesce(sum(deals.amount_cents), 0) as bigint) as amount_cents,
    cast(round(coalesce(sum(deals.amount_cents * scores.win_probability), 0)) as bigint) as weighted_cents,
    {{ rounded('avg(scores.win_probability)', 4) }} as mean_win_probability,
    cast(sum(case when deals.expected_close_on < cast({{ as_of() }} as date) then 1 else 0 end) as bigint) as slipped_count,
    {{ rounded('avg((' ~ epoch_seconds(as_of()) ~ ' - ' ~ epoch_seconds('deals.stage_entered_at') ~ ') / cast(86400 as double))', 4) }}
        as mean_stage_days
from {{ ref('int_deals__now') }} as deals
left join {{ ref('score_win_probability') }} as scores on deals.deal_id = scores.deal_id
where deals.status = 'open'
group by deals.pipeline, deals.stage, deals.currency
