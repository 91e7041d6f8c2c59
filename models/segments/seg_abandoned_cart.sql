-- One row per contact whose newest cart of the last three days was left for an hour and not ordered.
{{ config(meta={'segment': {'label': 'Abandoned cart', 'why': 'A reminder now is worth most'}}) }}

with

carts as (

    select
        contact_id,
        cart_id,
        max(occurred_at) as last_added_at,
        sum(value_cents) as value_cents
    from {{ ref('fct_events') }}
    where event_name = 'Product Added'
        and contact_id is not null
        and not coalesce(is_machine, false)
        and event_date >= cast({{ dbt.dateadd('day', -3, as_of()) }} as date)
    group by contact_id, cart_id

),

orders as (

    select contact_id, cart_id, ordered_at from {{ ref('fct_orders') }}

),

left_behind as (

    select carts.*
    from carts
    where carts.last_added_at < {{ dbt.dateadd('hour', -1, as_of()) }}
        and not exists (
            select 1 from orders
            where orders.contact_id = carts.contact_id
                and (orders.cart_id = carts.cart_id or orders.ordered_at > carts.last_added_at)
        )
    qualify row_number() over (
        partition by carts.contact_id order by carts.last_added_at desc nulls last, carts.cart_id nulls last
    ) = 1

)

select
    contact_id,
    'cart ' || cart_id || ' with ' || cast(cast(round(value_cents / 100) as bigint) as {{ dbt.type_string() }}) as reason,
    last_added_at as since
from left_behind
