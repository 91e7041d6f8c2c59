-- One row per pipeline, currency and month of expected close: open deals and their value, weighted by stage and by win probability.
with

deals as (

    select
        deals.*,
        expected_close_on < cast({{ as_of() }} as date) as is_slipped,
        stages.win_rate as stage_win_rate,
        scores.win_probability
    from {{ ref('int_deals__now') }} as deals
    left join {{ ref('rpt_pipeline_stages') }} as stages on deals.pipeline = stages.pipeline and deals.stage = stages.stage
    left join {{ ref('score_win_probability') }} as scores on deals.deal_id = scores.deal_id
    where deals.status = 'open'

)

select
    pipeline,
    currency,
    case when not is_slipped then cast(date_trunc('month', expected_close_on) as date) end as month_on,
    case when is_slipped then 'slipped' when expected_close_on is null then 'no date' else 'expected' end as timing,
    count(*) as deal_count,
    count(amount_cents) as valued_count,
    cast(coalesce(sum(amount_cents), 0) as bigint) as amount_cents,
    cast(round(coalesce(sum(amount_cents * stage_win_rate), 0)) as bigint) as stage_weighted_cents,
    count(stage_win_rate) as stage_weighted_count,
    cast(round(coalesce(sum(amount_cents * win_probability), 0)) as bigint) as probability_weighted_cents,
    count(win_probability) as probability_weighted_count,
    {{ rounded('sum(stage_win_rate)', 4) }} as stage_weighted_deals,
    {{ rounded('sum(win_probability)', 4) }} as probability_weighted_deals
from deals
group by 1, 2, 3, 4
