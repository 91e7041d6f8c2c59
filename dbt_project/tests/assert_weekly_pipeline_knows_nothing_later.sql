-- A Monday's pipeline must hold only what was on record before that Monday: deals, stages and amounts.
select weekly.deal_id, weekly.snapshot_at
from {{ ref('int_deals__weekly') }} as weekly
inner join {{ ref('dim_deals') }} as deals on weekly.deal_id = deals.deal_id
left join {{ ref('fct_deal_stages') }} as stages
    on weekly.deal_id = stages.deal_id and weekly.stage = stages.stage and stages.entered_at < weekly.snapshot_at
left join {{ ref('stg_crm__deal_changes') }} as changes
    on weekly.deal_id = changes.deal_id and changes.field = 'amount_cents' and changes.changed_at < weekly.snapshot_at
group by weekly.deal_id, weekly.snapshot_at, weekly.stage, weekly.amount_cents, deals.created_at, deals.closed_at
having
    deals.created_at >= weekly.snapshot_at
    or deals.closed_at < weekly.snapshot_at
    or weekly.snapshot_at > {{ as_of() }}
    or (weekly.stage <> 'unknown' and count(stages.stage) = 0)
    or (weekly.amount_cents is not null and count(changes.field) = 0)
