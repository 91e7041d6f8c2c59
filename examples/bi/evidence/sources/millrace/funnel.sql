select
    week_on,
    sum(visit_count) as visits,
    sum(product_view_count) as product_views,
    sum(cart_count) as carts,
    sum(checkout_count) as checkouts,
    sum(order_count) as orders
from reports.rpt_funnel
group by week_on
order by week_on
