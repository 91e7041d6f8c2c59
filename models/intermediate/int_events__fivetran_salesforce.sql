-- One row per answer of a contact or lead to a campaign of Salesforce, in the canonical columns of an event.
{{ config(materialized='ephemeral') }}

select
    'salesforce:response:' || member_key as event_id,
    'salesforce' as source,
    'track' as event_type,
    'Campaign Responded' as event_name,
    record_node as user_node,
    cast(null as {{ dbt.type_string() }}) as anonymous_node,
    cast(null as {{ dbt.type_string() }}) as previous_node,
    cast(null as {{ dbt.type_string() }}) as email,
    cast(null as {{ dbt.type_string() }}) as page_url,
    cast(null as {{ dbt.type_string() }}) as order_id,
    cast(null as {{ dbt.type_string() }}) as cart_id,
    cast(null as {{ dbt.type_string() }}) as product_id,
    cast(null as {{ dbt.type_string() }}) as category,
    cast(null as bigint) as value_cents,
    cast(null as {{ dbt.type_string() }}) as properties,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as machine_evidence,
    responded_at as occurred_at,
    batch,
    cast(responded_at as date) as event_date
from {{ ref('int_campaigns__fivetran_salesforce') }}
where responded_at is not null
