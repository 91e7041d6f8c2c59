-- One row per contact and landmark with what they had done on the site, as it was known to be theirs at that moment.
with

landmarks as (

    select contact_id, snapshot_at, cast(snapshot_at as date) as snapshot_on from {{ ref('int_contacts__landmarks') }}

),

daily as (

    select known.contact_id, known.known_at, daily.kind, daily.event_date, daily.event_count
    from {{ ref('int_events__daily') }} as daily
    inner join {{ ref('int_identity__known') }} as known on daily.node = known.node
    where daily.kind in ('visit', 'product_view', 'cart', 'checkout', 'form')

),

-- Whole days before the landmark's own: a day's count is known only when it is over.
seen as (

    select
        landmarks.contact_id,
        landmarks.snapshot_at,
        daily.kind,
        daily.event_date,
        daily.event_count,
        {{ dbt.datediff('daily.event_date', 'landmarks.snapshot_on', 'day') }} as days_ago
    from landmarks
    inner join daily
        on landmarks.contact_id = daily.contact_id
        and daily.event_date < landmarks.snapshot_on
        and daily.known_at <= landmarks.snapshot_at

)

select
    contact_id,
    snapshot_at,
    {% for kind, days in [('visit', 7), ('visit', 30), ('visit', 90), ('product_view', 30), ('cart', 30), ('checkout', 90), ('form', 90)] %}
    cast(sum(case when kind = '{{ kind }}' and days_ago <= {{ days }} then event_count else 0 end) as bigint) as {{ kind }}s_{{ days }}d,
    {% endfor %}
    count(distinct case when days_ago <= 30 then event_date end) as active_days_30d,
    count(distinct case when days_ago <= 90 then event_date end) as active_days_90d,
    cast(min(days_ago) as double) as days_since_seen,
    cast(min(case when kind = 'cart' then days_ago end) as double) as days_since_cart,
    cast(min(case when kind = 'form' then days_ago end) as double) as days_since_form
from seen
where days_ago <= 365
group by contact_id, snapshot_at
