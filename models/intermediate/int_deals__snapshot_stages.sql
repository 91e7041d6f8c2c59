-- One row per deal and landmark: the stage it was in, for how long, and how often it had stepped back.
with

landmarks as (

    select distinct deal_id, snapshot_at from {{ ref('int_deals__landmarks') }}

),

visits as (

    select * from {{ ref('int_deals__stage_visits') }}

)

select
    landmarks.deal_id,
    landmarks.snapshot_at,
    max_by(visits.stage, (visits.entered_at, coalesce(visits.stage_order, -1), visits.stage)) as stage,
    ({{ epoch_seconds('landmarks.snapshot_at') }} - {{ epoch_seconds('max(visits.entered_at)') }}) / 86400 as stage_age_days,
    cast(sum(case when visits.is_regression then 1 else 0 end) as bigint) as stage_regressions
from landmarks
inner join visits
    on landmarks.deal_id = visits.deal_id
    and visits.entered_at <= landmarks.snapshot_at
group by landmarks.deal_id, landmarks.snapshot_at
