-- One row per deal as it stands now: what happens later is not known yet, and a deal that closes later is open.
select
    deals.deal_id,
    deals.source_system,
    deals.owner_id,
    deals.name,
    deals.pipeline,
    deals.source,
    coalesce(deals.currency, 'unknown') as currency,
    case when deals.closed_at > {{ as_of() }} then 'open' else deals.status end as status,
    coalesce(stages.stage, deals.stage, 'unknown') as stage,
    deals.amount_cents,
    deals.expected_close_on,
    deals.created_at,
    case when deals.closed_at <= {{ as_of() }} and deals.status <> 'open' then deals.closed_at end as closed_at,
    stages.stage_entered_at,
    ({{ epoch_seconds('deals.closed_at') }} - {{ epoch_seconds('deals.created_at') }}) / cast(86400 as double) as cycle_days
from {{ ref('int_deals__unioned') }} as deals
left join (
    select deal_id, max_by(stage, (entered_at, coalesce(stage_order, -1), stage)) as stage, max(entered_at) as stage_entered_at
    from {{ ref('int_deals__stage_visits') }}
    where entered_at <= {{ as_of() }}
    group by deal_id
) as stages on deals.deal_id = stages.deal_id
-- Deals without any date (some CRMs export them) stand as they are.
where deals.created_at is null or deals.created_at <= {{ as_of() }}
