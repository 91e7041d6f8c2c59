-- One row per event, with the contact it belongs to as identity stands now; a view, so late stitching rewrites nothing.
{{ config(materialized='view') }}

select
    events.event_id,
    events.source,
    coalesce(by_user.contact_id, by_device.contact_id) as contact_id,
    events.event_type,
    events.event_name,
    events.page_url,
    events.product_id,
    events.category,
    events.cart_id,
    events.order_id,
    events.value_cents,
    events.machine_evidence is not null as is_machine,
    events.machine_evidence,
    events.occurred_at,
    events.event_date
from {{ ref('int_events__unioned') }} as events
left join {{ ref('int_identity__nodes') }} as by_user on events.user_node = by_user.node
left join {{ ref('int_identity__nodes') }} as by_device
    on events.anonymous_node = by_device.node and events.user_node is null
