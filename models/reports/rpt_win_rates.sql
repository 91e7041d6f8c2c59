-- One row per dimension (owner, source, pipeline), its member and currency: deals won and lost lately, their value and pace.
with

closed as (

    select
        *,
        case when status = 'won' then amount_cents end as won_cents,
        case when status = 'won' then cycle_days end as won_days
    from {{ ref('int_deals__now') }}
    where status in ('won', 'lost')
        and {{ epoch_seconds(as_of()) }} - {{ epoch_seconds('closed_at') }} < {{ var('pipeline_window_days') }} * 86400

),

members as (

    select 'owner' as dimension, coalesce(owner_id, 'none') as member, * from closed
    union all
    select 'source' as dimension, coalesce(source, 'unknown') as member, * from closed
    union all
    select 'pipeline' as dimension, pipeline as member, * from closed

)

select
    dimension,
    member,
    currency,
    count(*) as closed_count,
    cast(sum(case when status = 'won' then 1 else 0 end) as bigint) as won_count,
    cast(sum(case when status = 'lost' then 1 else 0 end) as bigint) as lost_count,
    {{ share_of("sum(case when status = 'won' then 1 else 0 end)", 'count(*)') }} as win_rate,
    cast(coalesce(sum(won_cents), 0) as bigint) as won_cents,
    cast(round(avg(won_cents)) as bigint) as mean_won_cents,
    {{ rounded(median('cycle_days'), 4) }} as median_cycle_days,
    {{ rounded(median('won_days'), 4) }} as median_won_cycle_days
from members
group by dimension, member, currency
