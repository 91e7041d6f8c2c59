-- A deal's features hold for a moment at which it was open; what happened later must not show.
select snapshots.deal_id, snapshots.snapshot_at
from {{ ref('int_deals__snapshots') }} as snapshots
left join {{ ref('int_tasks__unioned') }} as tasks
    on snapshots.deal_id = tasks.deal_id and tasks.created_at <= snapshots.snapshot_at
group by
    snapshots.deal_id, snapshots.snapshot_at, snapshots.closed_at, snapshots.created_at, snapshots.is_current,
    snapshots.age_days, snapshots.stage_age_days, snapshots.inbound_count, snapshots.days_since_two_way_contact
having
    snapshots.snapshot_at < snapshots.created_at
    or snapshots.snapshot_at > {{ as_of() }}
    or snapshots.closed_at > {{ as_of() }}
    or snapshots.snapshot_at >= snapshots.closed_at
    or snapshots.age_days < 0
    or snapshots.stage_age_days < 0
    or snapshots.days_since_two_way_contact < 0
    or snapshots.inbound_count <> sum(case when tasks.direction = 'inbound' then 1 else 0 end)
