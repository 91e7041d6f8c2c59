-- One row per deal and Monday 00:00 UTC at which it was open, as it was known at that moment: stage, amount, expected close.
with

deals as (

    -- A closed deal without a day of closing cannot be placed in time.
    select * from {{ ref('int_deals__unioned') }}
    where created_at <= {{ as_of() }} and (status not in ('won', 'lost') or closed_at is not null)

),

starts as (

    select date_trunc('week', min(created_at)) as first_at from deals

),

weeks as (

    -- Up to now here, not where deals meet weeks: there every deal would meet two centuries first.
    select cast({{ dbt.dateadd('day', '7 * (hundreds.n * 100 + ones.n)', 'starts.first_at') }} as timestamp) as snapshot_at
    from starts
    cross join {{ numbers() }} as hundreds
    cross join {{ numbers() }} as ones
    where {{ dbt.dateadd('day', '7 * (hundreds.n * 100 + ones.n)', 'starts.first_at') }} <= {{ as_of() }}

),

held as (

    select
        deals.deal_id, deals.owner_id, deals.pipeline, deals.source, coalesce(deals.currency, 'unknown') as currency,
        deals.created_at, weeks.snapshot_at
    from deals
    inner join weeks
        on deals.created_at < weeks.snapshot_at
        and coalesce(deals.closed_at, {{ as_of() }}) >= weeks.snapshot_at

),

stages as (

    select held.deal_id, held.snapshot_at, max_by(visits.stage, (visits.entered_at, coalesce(visits.stage_order, -1), visits.stage)) as stage
    from held
    inner join {{ ref('int_deals__stage_visits') }} as visits
        on held.deal_id = visits.deal_id and visits.entered_at < held.snapshot_at
    group by held.deal_id, held.snapshot_at

),

-- What was not yet written down is not known: a deal without a history of its amount has none here.
fields as (

    select
        held.deal_id,
        held.snapshot_at,
        max_by(changes.new_value, (changes.changed_at, changes.new_value))
            filter (where changes.field = 'amount_cents' and changes.new_value is not null) as amount,
        max_by(changes.new_value, (changes.changed_at, changes.new_value))
            filter (where changes.field = 'expected_close_on' and changes.new_value is not null) as expected
    from held
    inner join {{ ref('stg_crm__deal_changes') }} as changes
        on held.deal_id = changes.deal_id and changes.changed_at < held.snapshot_at
    group by held.deal_id, held.snapshot_at

)

select
    held.deal_id, held.snapshot_at, held.owner_id, held.pipeline, held.source, held.currency,
    coalesce(stages.stage, 'unknown') as stage,
    {{ number_or_null('round(' ~ number_or_null('fields.amount') ~ ')', 'bigint') }} as amount_cents,
    cast({{ utc_or_null('fields.expected') }} as date) as expected_close_on,
    ({{ epoch_seconds('held.snapshot_at') }} - {{ epoch_seconds('held.created_at') }}) / cast(86400 as double) as age_days
from held
left join stages on held.deal_id = stages.deal_id and held.snapshot_at = stages.snapshot_at
left join fields on held.deal_id = fields.deal_id and held.snapshot_at = fields.snapshot_at
