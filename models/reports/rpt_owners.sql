-- One row per salesperson and currency of their deals: open, won and lost deals and their value, and their tasks now.
with

deals as (

    select
        coalesce(owner_id, 'none') as owner_id,
        currency,
        cast(sum(case when status = 'open' then 1 else 0 end) as bigint) as open_count,
        cast(coalesce(sum(case when status = 'open' then amount_cents end), 0) as bigint) as open_cents,
        cast(sum(case when status = 'open' and expected_close_on < cast({{ as_of() }} as date) then 1 else 0 end) as bigint)
            as slipped_count,
        cast(sum(case when status = 'won' then 1 else 0 end) as bigint) as won_count,
        cast(coalesce(sum(case when status = 'won' then amount_cents end), 0) as bigint) as won_cents,
        cast(sum(case when status = 'lost' then 1 else 0 end) as bigint) as lost_count
    from {{ ref('int_deals__now') }}
    group by coalesce(owner_id, 'none'), currency

),

tasks as (

    select
        coalesce(owner_id, 'none') as owner_id,
        count(*) as task_count,
        cast(sum(case when completed_at <= {{ as_of() }} then 1 else 0 end) as bigint) as done_count,
        cast(sum(case when coalesce(completed_at > {{ as_of() }}, true) and due_at < {{ as_of() }} then 1 else 0 end) as bigint)
            as overdue_count
    from {{ ref('fct_tasks') }}
    where created_at <= {{ as_of() }}
    group by coalesce(owner_id, 'none')

)

select
    coalesce(deals.owner_id, tasks.owner_id) as owner_id,
    owners.name as owner_name,
    owners.team,
    owners.region,
    coalesce(deals.currency, 'none') as currency,
    coalesce(deals.open_count, 0) as open_count,
    coalesce(deals.open_cents, 0) as open_cents,
    coalesce(deals.slipped_count, 0) as slipped_count,
    coalesce(deals.won_count, 0) as won_count,
    coalesce(deals.won_cents, 0) as won_cents,
    coalesce(deals.lost_count, 0) as lost_count,
    {{ share_of('deals.won_count', 'deals.won_count + deals.lost_count') }} as win_rate,
    coalesce(tasks.task_count, 0) as task_count,
    coalesce(tasks.done_count, 0) as done_task_count,
    coalesce(tasks.overdue_count, 0) as overdue_task_count
from deals
full outer join tasks on deals.owner_id = tasks.owner_id
left join {{ ref('dim_owners') }} as owners on coalesce(deals.owner_id, tasks.owner_id) = owners.owner_id
