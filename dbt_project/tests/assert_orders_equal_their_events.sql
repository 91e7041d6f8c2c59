-- Stitching contacts must neither lose nor repeat an order.
select count(*) as orders, (select count(distinct order_id) from {{ ref('int_events__unioned') }}
    where event_name in ('Order Completed', 'Order Updated') and order_id is not null) as events
from {{ ref('fct_orders') }}
having count(*) <> (
    select count(distinct order_id) from {{ ref('int_events__unioned') }}
    where event_name in ('Order Completed', 'Order Updated') and order_id is not null
)
