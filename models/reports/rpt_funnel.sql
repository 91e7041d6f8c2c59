-- One row per week, channel of the visit and acquisition source: visits, and how many went on to view, cart, check out and order, in order.
with

-- A shop that never reports checkouts has none to pass.
sources as (

    select source, max(checked_out_at) is not null as has_checkouts from {{ ref('int_events__funnel') }}
    group by source

),

visits as (

    select
        cast(date_trunc('week', funnel.visited_at) as date) as week_on,
        coalesce(
            nullif({{ extract_pattern('funnel.campaign_url', 'utm_medium=([^&#]+)', 1) }}, ''),
            nullif({{ extract_pattern('funnel.campaign_url', 'utm_source=([^&#]+)', 1) }}, ''),
            'direct'
        ) as channel,
        coalesce(profiles.acquisition_source, 'unknown') as acquisition_source,
        funnel.visited_at,
        funnel.viewed_at,
        funnel.carted_at,
        case when sources.has_checkouts then funnel.checked_out_at else funnel.ordered_at end as checked_out_at,
        case when not sources.has_checkouts or funnel.checked_out_at is not null then funnel.ordered_at end as ordered_at,
        funnel.order_event_count
    from {{ ref('int_events__funnel') }} as funnel
    inner join sources on funnel.source = sources.source
    left join {{ ref('int_identity__nodes') }} as nodes on funnel.node = nodes.node
    left join {{ ref('int_contacts__profiles') }} as profiles on nodes.contact_id = profiles.contact_id
    where funnel.visited_at <= {{ as_of() }}

),

timed as (

    select
        *,
        ({{ epoch_seconds('viewed_at') }} - {{ epoch_seconds('visited_at') }}) / cast(60 as double) as minutes_to_view,
        ({{ epoch_seconds('carted_at') }} - {{ epoch_seconds('viewed_at') }}) / cast(60 as double) as minutes_to_cart,
        ({{ epoch_seconds('checked_out_at') }} - {{ epoch_seconds('carted_at') }}) / cast(60 as double) as minutes_to_checkout,
        ({{ epoch_seconds('ordered_at') }} - {{ epoch_seconds('checked_out_at') }}) / cast(60 as double) as minutes_to_order
    from visits

)

select
    week_on,
    channel,
    acquisition_source,
    count(*) as visit_count,
    count(viewed_at) as product_view_count,
    count(carted_at) as cart_count,
    count(checked_out_at) as checkout_count,
    count(ordered_at) as order_count,
    cast(sum(order_event_count) as bigint) as all_order_count,
    {{ share_of('count(viewed_at)', 'count(*)') }} as view_rate,
    {{ share_of('count(carted_at)', 'count(viewed_at)') }} as cart_rate,
    {{ share_of('count(checked_out_at)', 'count(carted_at)') }} as checkout_rate,
    {{ share_of('count(ordered_at)', 'count(checked_out_at)') }} as order_rate,
    {{ share_of('count(ordered_at)', 'count(*)') }} as visit_to_order_rate,
    {{ rounded(median('minutes_to_view'), 4) }} as median_minutes_to_view,
    {{ rounded(median('minutes_to_cart'), 4) }} as median_minutes_to_cart,
    {{ rounded(median('minutes_to_checkout'), 4) }} as median_minutes_to_checkout,
    {{ rounded(median('minutes_to_order'), 4) }} as median_minutes_to_order
from timed
group by week_on, channel, acquisition_source
