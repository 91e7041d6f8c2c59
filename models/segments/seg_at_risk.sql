-- One row per customer who has been silent for twice their usual gap between orders, and at least 60 days.
{{ config(meta={'segment': {'label': 'At risk', 'why': 'Win them back before they are gone'}}) }}

with

customers as (

    select
        contact_id,
        order_count,
        last_ordered_at,
        {{ dbt.datediff('last_ordered_at', as_of(), 'day') }} as silent_days,
        {{ dbt.datediff('first_ordered_at', 'last_ordered_at', 'day') }} / nullif(order_count - 1, 0) as usual_gap_days
    from {{ ref('dim_contacts') }}
    where order_count >= 2

)

select
    contact_id,
    'silent for ' || cast(silent_days as {{ dbt.type_string() }}) || ' days, usually '
    || cast(cast(round(usual_gap_days) as bigint) as {{ dbt.type_string() }}) as reason,
    last_ordered_at as since
from customers
where silent_days >= 60
    and silent_days > 2 * usual_gap_days
