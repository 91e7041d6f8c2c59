-- One row per deal and landmark: its amount and expected close as they stood, and how often the close was pushed.
with

landmarks as (

    select distinct deal_id, snapshot_at, created_at from {{ ref('int_deals__landmarks') }}

),

changes as (

    select
        deal_id,
        field,
        case when field = 'amount_cents' then {{ number_or_null('round(' ~ number_or_null('new_value') ~ ')', 'bigint') }} end as amount_cents,
        case when field = 'expected_close_on' then cast({{ utc_or_null('new_value') }} as date) end as expected_close_on,
        coalesce(field = 'expected_close_on' and new_value > old_value, false) as is_push,
        changed_at
    from {{ ref('int_deals__changes_unioned') }}

)

select
    landmarks.deal_id,
    landmarks.snapshot_at,
    max_by(changes.amount_cents, (changes.changed_at, changes.amount_cents)) filter (where changes.amount_cents is not null) as amount_cents,
    min_by(changes.amount_cents, (changes.changed_at, changes.amount_cents)) filter (where changes.amount_cents is not null) as first_amount_cents,
    max_by(changes.expected_close_on, (changes.changed_at, changes.expected_close_on))
        filter (where changes.expected_close_on is not null) as expected_close_on,
    cast(sum(case when changes.is_push then 1 else 0 end) as bigint) as close_date_pushes
from landmarks
inner join changes
    on landmarks.deal_id = changes.deal_id
    and changes.changed_at <= landmarks.snapshot_at
group by landmarks.deal_id, landmarks.snapshot_at
