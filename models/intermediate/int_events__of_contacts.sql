-- One row per event of a known contact that no machine made, with its properties and the load that brought it; a view.
{{ config(materialized='view') }}

select
    events.event_id,
    coalesce(by_user.contact_id, by_device.contact_id) as contact_id,
    events.event_type,
    events.event_name,
    events.page_url,
    events.product_id,
    events.category,
    events.cart_id,
    events.order_id,
    events.value_cents,
    events.properties,
    events.occurred_at,
    events.batch
from {{ ref('int_events__unioned') }} as events
left join {{ ref('int_identity__nodes') }} as by_user on events.user_node = by_user.node
left join {{ ref('int_identity__nodes') }} as by_device
    on events.anonymous_node = by_device.node and events.user_node is null
where events.machine_evidence is null
    and coalesce(by_user.contact_id, by_device.contact_id) is not null
