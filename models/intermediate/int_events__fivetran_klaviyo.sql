-- One row per event of a person in Klaviyo that is no message's: orders, the site, lists; in the canonical columns of an event.
{{ config(materialized='ephemeral') }}

select
    'klaviyo:' || event_id as event_id,
    'klaviyo' as source,
    case when kind = 'activeonsite' then 'page' else 'track' end as event_type,
    event_name,
    case when person_key is not null then 'klaviyo:' || person_key end as user_node,
    cast(null as {{ dbt.type_string() }}) as anonymous_node,
    cast(null as {{ dbt.type_string() }}) as previous_node,
    cast(null as {{ dbt.type_string() }}) as email,
    coalesce(page, url) as page_url,
    -- The shop's own number of the order; what only names this event names an order if it is the placing of one.
    case
        when event_name in ('Order Completed', 'Order Refunded', 'Order Cancelled')
            then coalesce(order_id, source_event_id, case when event_name = 'Order Completed' then 'klaviyo:' || event_id end)
        else order_id
    end as order_id,
    cast(null as {{ dbt.type_string() }}) as cart_id,
    product_id,
    cast(null as {{ dbt.type_string() }}) as category,
    {{ number_or_null('round(100 * coalesce(value, price * quantity))', 'bigint') }} as value_cents,
    case
        when {{ matches_pattern('currency', '^[A-Z]{3}$') }} then '{' || '"currency": "' || currency || '"}'
    end as properties,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as machine_evidence,
    occurred_at,
    batch,
    cast(occurred_at as date) as event_date
from {{ ref('int_fivetran_klaviyo__events') }}
where message_event is null
    and not is_deleted
