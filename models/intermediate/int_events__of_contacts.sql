-- One row per event of a known contact that no machine made, with its properties and the load that brought it; a view.
{{ config(materialized='view') }}

select
    event_id,
    contact_id,
    event_type,
    event_name,
    page_url,
    product_id,
    category,
    cart_id,
    order_id,
    value_cents,
    properties,
    -- By whom it came: who is named counts before the device they use.
    coalesce(user_node, anonymous_node) as node,
    occurred_at,
    batch
from {{ ref('int_events__stitched') }}
where machine_evidence is null
    and contact_id is not null
