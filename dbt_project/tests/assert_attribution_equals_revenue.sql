-- Every model ascribes each order's revenue exactly: no cent is lost, none is counted twice.
select models.model, orders.order_id, orders.net_cents, coalesce(ascribed.revenue_cents, 0) as ascribed_cents
from (
    select order_id, revenue_cents - refunded_cents as net_cents from {{ ref('fct_orders') }}
    where not is_cancelled and ordered_at <= {{ as_of() }}
) as orders
cross join (select distinct model from {{ ref('fct_attribution') }}) as models
left join (
    select order_id, model, sum(revenue_cents) as revenue_cents from {{ ref('fct_attribution') }}
    group by order_id, model
) as ascribed on orders.order_id = ascribed.order_id and models.model = ascribed.model
where ascribed.order_id is null or ascribed.revenue_cents <> orders.net_cents
