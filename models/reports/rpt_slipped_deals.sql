-- One row per open deal whose expected day of closing has passed: how late it is, how often it was put off, what it may bring.
with

pushes as (

    select deal_id, count(*) as push_count
    from {{ ref('stg_crm__deal_changes') }}
    where field = 'expected_close_on' and new_value > old_value and changed_at <= {{ as_of() }}
    group by deal_id

)

select
    deals.deal_id,
    deals.name,
    deals.owner_id,
    owners.name as owner_name,
    deals.pipeline,
    deals.stage,
    deals.currency,
    deals.amount_cents,
    deals.expected_close_on,
    cast({{ dbt.datediff('deals.expected_close_on', as_of(), 'day') }} as bigint) as days_late,
    coalesce(pushes.push_count, 0) as push_count,
    scores.win_probability
from {{ ref('int_deals__now') }} as deals
left join pushes on deals.deal_id = pushes.deal_id
left join {{ ref('dim_owners') }} as owners on deals.owner_id = owners.owner_id
left join {{ ref('score_win_probability') }} as scores on deals.deal_id = scores.deal_id
where deals.status = 'open'
    and deals.expected_close_on < cast({{ as_of() }} as date)
