-- One row per Monday 00:00 UTC, pipeline, stage and currency: the open deals as they were known then.
select
    cast(snapshot_at as date) as week_on,
    pipeline,
    stage,
    currency,
    count(*) as deal_count,
    count(amount_cents) as valued_count,
    cast(coalesce(sum(amount_cents), 0) as bigint) as amount_cents,
    cast(sum(case when expected_close_on < cast(snapshot_at as date) then 1 else 0 end) as bigint) as slipped_count,
    {{ rounded('avg(age_days)', 4) }} as mean_age_days
from {{ ref('int_deals__weekly') }}
group by cast(snapshot_at as date), pipeline, stage, currency
