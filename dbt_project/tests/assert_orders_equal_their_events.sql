-- Stitching contacts must neither lose nor repeat an order.
with

counted as (

    select count(distinct order_id) as order_count from {{ ref('int_events__unioned') }}
    where event_name in ('Order Completed', 'Order Updated') and order_id is not null

),

stitched as (

    select count(*) as order_count from {{ ref('fct_orders') }}

)

select stitched.order_count, counted.order_count as event_order_count
from stitched
cross join counted
where stitched.order_count <> counted.order_count
