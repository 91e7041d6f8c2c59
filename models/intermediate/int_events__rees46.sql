-- One row per delivered REES46 event, in the canonical columns of an event.
{{ config(materialized='ephemeral') }}

select
    event_id,
    'rees46' as source,
    'track' as event_type,
    case event_type
        when 'view' then 'Product Viewed'
        when 'cart' then 'Product Added'
        when 'remove_from_cart' then 'Product Removed'
        when 'purchase' then 'Order Completed'
        else event_type
    end as event_name,
    'rees46:' || user_id as user_node,
    cast(null as {{ dbt.type_string() }}) as anonymous_node,
    cast(null as {{ dbt.type_string() }}) as previous_node,
    cast(null as {{ dbt.type_string() }}) as email,
    cast(null as {{ dbt.type_string() }}) as page_url,
    case when event_type = 'purchase' then event_id end as order_id,
    user_session as cart_id,
    product_id,
    category_code as category,
    price_cents as value_cents,
    cast(null as {{ dbt.type_string() }}) as properties,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as machine_evidence,
    occurred_at,
    batch,
    cast(occurred_at as date) as event_date
from {{ ref('stg_rees46__events') }}
