-- One row per week, channel, change (new, gained, lost) and reason: contacts that came, addresses we may market to, gained and lost.
with

changes as (

    select
        cast(date_trunc('week', created_at) as date) as week_on,
        'all' as channel,
        'new' as change,
        coalesce(acquisition_source, 'unknown') as reason
    from {{ ref('dim_contacts') }}
    where created_at is null or created_at <= {{ as_of() }}
    union all
    select cast(date_trunc('week', gained_at) as date), channel, 'gained', 'opt_in'
    from {{ ref('int_addresses__reachability') }}
    union all
    select cast(date_trunc('week', lost_at) as date), channel, 'lost', lost_reason
    from {{ ref('int_addresses__reachability') }}
    where lost_reason is not null

)

select
    week_on,
    channel,
    change,
    reason,
    count(*) as change_count,
    cast(case change when 'gained' then count(*) when 'lost' then -count(*) else 0 end as bigint) as reachable_change
from changes
group by week_on, channel, change, reason
