-- One row per event that says something about an order; new ones are appended.
{{ incremental_by_append() }}

select
    event_id,
    source,
    event_name,
    order_id,
    coalesce(user_node, anonymous_node) as node,
    cart_id,
    category,
    value_cents,
    properties,
    occurred_at,
    batch
from {{ ref('int_events__unioned') }}
where order_id is not null
    and event_name in ('Order Completed', 'Order Updated', 'Order Refunded', 'Order Cancelled')
    and batch > {{ newest_batch() }}
