-- One row: from when on behaviour is on record, and how many days a lead is given to convert and a customer to come back.
with

-- The first half percent of days is left out: a wrong clock must not stretch the records by years.
records as (

    select {{ percentile(epoch_seconds('event_date'), 0.005) }} as from_seconds
    from {{ ref('int_events__daily') }}
    where event_date <= cast({{ as_of() }} as date)

),

history as (

    select
        coalesce(from_seconds, 0) as from_seconds,
        coalesce(({{ epoch_seconds(as_of()) }} - from_seconds) / 86400, 0) as days
    from records

),

leads as (

    select
        count(*) as converted_count,
        {{ percentile("(" ~ epoch_seconds('lives.converted_at') ~ " - " ~ epoch_seconds('lives.known_from') ~ ") / cast(86400 as double)", 0.9) }} as days
    from {{ ref('int_contacts__lives') }} as lives
    inner join history on {{ epoch_seconds('lives.known_from') }} >= history.from_seconds
    where lives.converted_at > lives.known_from

),

order_days as (

    select distinct nodes.contact_id, cast(orders.ordered_at as date) as ordered_on
    from {{ ref('int_orders__orders') }} as orders
    inner join {{ ref('int_identity__nodes') }} as nodes on orders.node = nodes.node
    where orders.ordered_at <= {{ as_of() }}

),

pairs as (

    select ordered_on, lag(ordered_on) over (partition by contact_id order by ordered_on nulls last) as previous_on
    from order_days

),

gaps as (

    select
        count(*) as gap_count,
        {{ percentile("cast(" ~ dbt.datediff('previous_on', 'ordered_on', 'day') ~ " as double)", 0.9) }} as days
    from pairs
    where previous_on is not null

)

-- The 90th percentile, or a quarter of a year below thirty cases; never more than an eighth of what is on record, for a
-- label that takes longer to be known could not be learned from in time and tested later. Rounded before it is cut: of a
-- whole day one engine may interpolate a hair less.
select
    cast(round(history.from_seconds) as bigint) as recorded_from_seconds,
    cast(least(90, greatest(7, floor({{ rounded('least(case when leads.converted_count >= 30 then leads.days else 90 end, history.days / 8)', 6) }})))
        as integer) as lead_days,
    cast(least(180, greatest(14, floor({{ rounded('least(case when gaps.gap_count >= 30 then gaps.days else 90 end, history.days / 8)', 6) }})))
        as integer) as comeback_days,
    leads.converted_count,
    leads.days as conversion_p90_days,
    gaps.gap_count,
    gaps.days as gap_p90_days
from history
cross join leads
cross join gaps
