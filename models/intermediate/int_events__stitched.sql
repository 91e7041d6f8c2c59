-- One row per event, with the contact it belongs to as identity stands now; a view, so late stitching rewrites nothing.
{{ config(materialized='view') }}

select
    events.*,
    -- Who is named counts before the device they use.
    coalesce(by_user.contact_id, by_device.contact_id) as contact_id
from {{ ref('int_events__unioned') }} as events
left join {{ ref('int_identity__nodes') }} as by_user on events.user_node = by_user.node
left join {{ ref('int_identity__nodes') }} as by_device
    on events.anonymous_node = by_device.node and events.user_node is null
