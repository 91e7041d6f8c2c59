-- One row per event of a user in Iterable that is no message's, in the canonical columns of an event.
{{ config(materialized='ephemeral') }}

select
    'iterable:' || event_id as event_id,
    'iterable' as source,
    'track' as event_type,
    event_name,
    case when person_key is not null then 'iterable:' || person_key end as user_node,
    cast(null as {{ dbt.type_string() }}) as anonymous_node,
    cast(null as {{ dbt.type_string() }}) as previous_node,
    email,
    url as page_url,
    cast(null as {{ dbt.type_string() }}) as order_id,
    cast(null as {{ dbt.type_string() }}) as cart_id,
    cast(null as {{ dbt.type_string() }}) as product_id,
    cast(null as {{ dbt.type_string() }}) as category,
    cast(null as bigint) as value_cents,
    cast(null as {{ dbt.type_string() }}) as properties,
    user_agent,
    cast(null as {{ dbt.type_string() }}) as machine_evidence,
    occurred_at,
    batch,
    cast(occurred_at as date) as event_date
from {{ ref('int_fivetran_iterable__events') }}
where message_event is null
    and not is_deleted
