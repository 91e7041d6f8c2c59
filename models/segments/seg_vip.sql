-- One row per contact among the top tenth by revenue who ordered at least three times.
{{ config(meta={'segment': {'label': 'VIP', 'why': 'They carry the shop: treat them before others'}}) }}

with

customers as (

    select * from {{ ref('dim_contacts') }}
    where order_count > 0

),

ranked as (

    select
        contact_id,
        order_count,
        revenue_cents,
        last_ordered_at,
        percent_rank() over (order by revenue_cents nulls first) as share_below
    from customers

)

select
    contact_id,
    cast(order_count as {{ dbt.type_string() }}) || ' orders, ' || cast(cast(round(revenue_cents / 100) as bigint) as {{ dbt.type_string() }}) || ' in all' as reason,
    last_ordered_at as since
from ranked
where share_below >= 0.9
    and order_count >= 3
