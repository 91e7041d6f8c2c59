-- One row per contact and moment to look at them: every 28 days on a day of their own, and now; a sample where they are many.
with

lives as (

    select * from {{ ref('int_contacts__lives') }}

),

sizes as (

    select count(*) as contact_count from lives

),

-- Which contacts are looked at in the past, and on which days, hangs on their id alone: nothing that happens moves it.
sampled as (

    select
        lives.*,
        {{ number_of_text('lives.contact_id', 28) }} as day_of_round,
        {{ epoch_seconds(as_of()) }} as now_seconds,
        {{ epoch_seconds('lives.known_from') }} as known_seconds
    from lives
    cross join sizes
    where {{ number_of_text("'sample ' || lives.contact_id", 100000) }}
        < {{ var('snapshot_contacts') }} * cast(100000 as double) / sizes.contact_count

),

starts as (

    select
        sampled.*,
        greatest(
            sampled.known_seconds,
            sampled.now_seconds - {{ var('snapshot_history_days') }} * 86400,
            -- Looking begins a month after the records do: what is counted over 30 days was recorded for 30 days.
            horizons.recorded_from_seconds + 30 * 86400
        ) as from_seconds
    from sampled
    cross join {{ ref('int_contacts__horizons') }} as horizons

),

firsts as (

    select
        *,
        cast(ceil((from_seconds / cast(86400 as double) - day_of_round) / 28) as bigint) * 28 + day_of_round as first_day
    from starts

),

past as (

    select
        firsts.contact_id,
        {{ from_epoch_seconds('(firsts.first_day + 28 * numbers.n) * 86400') }} as snapshot_at,
        false as is_current,
        firsts.known_from, firsts.first_ordered_at, firsts.converted_at
    from firsts
    inner join {{ numbers() }} as numbers
        on (firsts.first_day + 28 * numbers.n) * 86400 < firsts.now_seconds

),

present as (

    select contact_id, {{ as_of() }} as snapshot_at, true as is_current, known_from, first_ordered_at, converted_at
    from lives

)

select * from past
union all
select * from present
