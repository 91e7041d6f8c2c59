-- One row per month of the first order and months since: customers who ordered, orders and revenue, beside the cohort's size.
with

orders as (

    select
        contact_id,
        order_id,
        ordered_at,
        revenue_cents - refunded_cents as revenue_cents,
        min(ordered_at) over (partition by contact_id) as first_ordered_at
    from {{ ref('fct_orders') }}
    where not is_cancelled and contact_id is not null and ordered_at <= {{ as_of() }}

),

placed as (

    select
        cast(date_trunc('month', first_ordered_at) as date) as cohort_on,
        12 * (extract(year from ordered_at) - extract(year from first_ordered_at))
        + extract(month from ordered_at) - extract(month from first_ordered_at) as months_since,
        contact_id,
        order_id,
        revenue_cents
    from orders

),

sizes as (

    select cohort_on, count(distinct contact_id) as customer_count from placed
    group by cohort_on

)

select
    placed.cohort_on,
    cast(placed.months_since as bigint) as months_since,
    sizes.customer_count as cohort_size,
    count(distinct placed.contact_id) as customer_count,
    count(*) as order_count,
    cast(sum(placed.revenue_cents) as bigint) as revenue_cents,
    {{ rounded('count(distinct placed.contact_id) / cast(sizes.customer_count as double)', 6) }} as retention
from placed
inner join sizes on placed.cohort_on = sizes.cohort_on
group by placed.cohort_on, placed.months_since, sizes.customer_count
