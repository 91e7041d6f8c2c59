-- One row per month, currency and category: orders, customers, gross revenue, refunds, net revenue.
select
    cast(date_trunc('month', ordered_at) as date) as month_on,
    currency,
    coalesce(category, 'unknown') as category,
    count(*) as order_count,
    count(distinct contact_id) as customer_count,
    cast(sum(revenue_cents) as bigint) as gross_cents,
    cast(sum(refunded_cents) as bigint) as refunded_cents,
    cast(sum(revenue_cents - refunded_cents) as bigint) as net_cents
from {{ ref('fct_orders') }}
where not is_cancelled and ordered_at <= {{ as_of() }}
group by cast(date_trunc('month', ordered_at) as date), currency, coalesce(category, 'unknown')
