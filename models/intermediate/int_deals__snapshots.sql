-- One row per deal and landmark with its features as they were known at that moment, and how it ended (null if open).
with

landmarks as (

    select * from {{ ref('int_deals__landmarks') }}

),

stages as (

    select * from {{ ref('int_deals__snapshot_stages') }}

),

changes as (

    select * from {{ ref('int_deals__snapshot_changes') }}

),

contacts as (

    select * from {{ ref('int_deals__snapshot_contacts') }}

),

everybody as (

    select snapshot_on, (won_count + 1) / cast(closed_count + 2 as double) as rate
    from {{ ref('int_owners__record') }}
    where role = 'everybody'

)

select
    landmarks.deal_id, landmarks.snapshot_at, landmarks.is_current, landmarks.created_at, landmarks.closed_at,
    case when landmarks.status in ('won', 'lost') then landmarks.status = 'won' end as is_won,
    landmarks.pipeline, landmarks.source,
    coalesce(stages.stage, 'unknown') as stage,
    ({{ epoch_seconds('landmarks.snapshot_at') }} - {{ epoch_seconds('landmarks.created_at') }}) / 86400 as age_days,
    stages.stage_age_days,
    stages.stage_age_days / nullif(medians.median_stay_days, 0) as stage_age_ratio,
    coalesce(stages.stage_regressions, 0) as stage_regressions,
    coalesce(changes.close_date_pushes, 0) as close_date_pushes,
    cast({{ dbt.datediff('landmarks.snapshot_at', 'changes.expected_close_on', 'day') }} as double) as days_to_expected_close,
    changes.amount_cents,
    case when changes.amount_cents is not null then ln(greatest(changes.amount_cents, 1)) end as amount_log,
    changes.amount_cents / nullif(cast(changes.first_amount_cents as double), 0) as amount_change_ratio,
    landmarks.owner_id,
    -- Shrunk towards everybody's rate, as it then was, with the weight of ten deals; the deal itself was still open.
    (coalesce(owners.won_count, 0) + 10 * everybody.rate) / (coalesce(owners.closed_count, 0) + 10) as owner_win_rate,
    coalesce(owners.closed_count, 0) as owner_closed_count,
    landmarks.creator_id,
    case when landmarks.creator_id is not null
        then (coalesce(creators.won_count, 0) + 10 * everybody.rate) / (coalesce(creators.closed_count, 0) + 10)
    end as creator_win_rate,
    landmarks.industry,
    landmarks.employees,
    coalesce(contacts.tasks_done_count, 0) as tasks_done_count,
    coalesce(contacts.tasks_overdue_count, 0) as tasks_overdue_count,
    coalesce(contacts.inbound_count, 0) as inbound_count,
    contacts.days_since_two_way_contact,
    coalesce(contacts.contact_visits_30d, 0) as contact_visits_30d,
    coalesce(contacts.contact_clicks_30d, 0) as contact_clicks_30d,
    contacts.contact_lead_source
from landmarks
left join stages on landmarks.deal_id = stages.deal_id and landmarks.snapshot_at = stages.snapshot_at
left join changes on landmarks.deal_id = changes.deal_id and landmarks.snapshot_at = changes.snapshot_at
left join contacts on landmarks.deal_id = contacts.deal_id and landmarks.snapshot_at = contacts.snapshot_at
left join everybody on cast(landmarks.snapshot_at as date) = everybody.snapshot_on
left join {{ ref('int_owners__record') }} as owners
    on landmarks.owner_id = owners.person_id and owners.role = 'owner'
    and cast(landmarks.snapshot_at as date) = owners.snapshot_on
left join {{ ref('int_owners__record') }} as creators
    on landmarks.creator_id = creators.person_id and creators.role = 'creator'
    and cast(landmarks.snapshot_at as date) = creators.snapshot_on
left join {{ ref('int_deals__stage_medians') }} as medians
    on stages.stage = medians.stage
    and cast(date_trunc('month', landmarks.snapshot_at) as date) = medians.month_on
