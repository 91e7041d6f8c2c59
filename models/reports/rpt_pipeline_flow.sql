-- One row per week (Monday to Sunday, UTC) in which anything moved, pipeline and currency: deals open before, created, won, lost, open after.
with

moves as (

    select pipeline, currency, date_trunc('week', created_at) as week_at, 1 as created, 0 as won, 0 as lost,
        cast(null as bigint) as won_cents
    from {{ ref('int_deals__now') }}
    where created_at is not null and (status not in ('won', 'lost') or closed_at is not null)
    union all
    select pipeline, currency, date_trunc('week', closed_at), 0, case when status = 'won' then 1 else 0 end,
        case when status = 'lost' then 1 else 0 end, case when status = 'won' then amount_cents end
    from {{ ref('int_deals__now') }}
    where created_at is not null and closed_at is not null and status in ('won', 'lost')

),

weeks as (

    select
        cast(week_at as date) as week_on,
        pipeline,
        currency,
        sum(created) as created_count,
        sum(won) as won_count,
        sum(lost) as lost_count,
        sum(won_cents) as won_cents
    from moves
    group by cast(week_at as date), pipeline, currency

),

summed as (

    select
        *,
        sum(created_count - won_count - lost_count) over (
            partition by pipeline, currency order by week_on nulls last
        ) as open_after_count
    from weeks

)

select
    week_on,
    pipeline,
    currency,
    cast(open_after_count - created_count + won_count + lost_count as bigint) as open_before_count,
    cast(created_count as bigint) as created_count,
    cast(won_count as bigint) as won_count,
    cast(lost_count as bigint) as lost_count,
    cast(open_after_count as bigint) as open_after_count,
    cast(coalesce(won_cents, 0) as bigint) as won_cents
from summed
