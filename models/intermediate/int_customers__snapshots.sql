-- One row per customer and landmark: how they had ordered and behaved by then, and whether they came back in time.
with

landmarks as (

    select
        landmarks.*,
        {{ dbt.dateadd('day', 'horizons.comeback_days', 'landmarks.snapshot_at') }} as horizon_at,
        horizons.comeback_days
    from {{ ref('int_contacts__landmarks') }} as landmarks
    cross join {{ ref('int_contacts__horizons') }} as horizons
    where landmarks.first_ordered_at <= landmarks.snapshot_at

),

orders as (

    select known.contact_id, case when known.known_at > orders.ordered_at then known.known_at else orders.ordered_at end as ordered_at
    from {{ ref('int_orders__orders') }} as orders
    inner join {{ ref('int_identity__known') }} as known on orders.node = known.node
    where not orders.is_cancelled and orders.ordered_at <= {{ as_of() }}

),

nexts as (

    select landmarks.contact_id, landmarks.snapshot_at, min(orders.ordered_at) as next_ordered_at
    from landmarks
    inner join orders
        on landmarks.contact_id = orders.contact_id
        and orders.ordered_at > landmarks.snapshot_at and orders.ordered_at <= landmarks.horizon_at
    group by landmarks.contact_id, landmarks.snapshot_at

)

select
    landmarks.contact_id, landmarks.snapshot_at, landmarks.is_current, landmarks.horizon_at, landmarks.comeback_days,
    orders.order_count, orders.orders_90d, orders.orders_365d, orders.revenue_cents, orders.mean_order_cents,
    orders.days_since_order, orders.days_since_first_order, orders.mean_gap_days,
    orders.days_since_order / (orders.mean_gap_days + 1) as gap_ratio,
    {% for name in ['visits_30d', 'visits_90d', 'product_views_30d', 'carts_30d', 'active_days_30d', 'active_days_90d'] %}
    coalesce(events.{{ name }}, 0) as {{ name }},
    {% endfor %}
    events.days_since_seen,
    {% for name in ['messages_90d', 'opened_90d', 'clicked_90d'] %}
    coalesce(messages.{{ name }}, 0) as {{ name }},
    {% endfor %}
    messages.days_since_click,
    attributes.country, attributes.acquisition_source, attributes.email_consent,
    case
        when nexts.next_ordered_at is not null then nexts.next_ordered_at
        when landmarks.horizon_at <= {{ as_of() }} then landmarks.horizon_at
    end as known_at,
    case
        when nexts.next_ordered_at is not null then true
        when landmarks.horizon_at <= {{ as_of() }} then false
    end as has_come_back
from landmarks
inner join {{ ref('int_contacts__snapshot_orders') }} as orders
    on landmarks.contact_id = orders.contact_id and landmarks.snapshot_at = orders.snapshot_at
left join nexts on landmarks.contact_id = nexts.contact_id and landmarks.snapshot_at = nexts.snapshot_at
left join {{ ref('int_contacts__snapshot_events') }} as events
    on landmarks.contact_id = events.contact_id and landmarks.snapshot_at = events.snapshot_at
left join {{ ref('int_contacts__snapshot_messages') }} as messages
    on landmarks.contact_id = messages.contact_id and landmarks.snapshot_at = messages.snapshot_at
left join {{ ref('int_contacts__snapshot_attributes') }} as attributes
    on landmarks.contact_id = attributes.contact_id and landmarks.snapshot_at = attributes.snapshot_at
