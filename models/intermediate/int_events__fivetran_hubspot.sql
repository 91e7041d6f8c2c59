-- One row per form that a HubSpot contact sent, in the canonical columns of an event.
{{ config(materialized='ephemeral') }}

select
    'hubspot:form:' || contact_key || ':' || form_key || ':'
    || cast({{ epoch_seconds('occurred_at') }} as {{ dbt.type_string() }}) as event_id,
    'hubspot' as source,
    'track' as event_type,
    'Form Submitted' as event_name,
    'hubspot:' || contact_key as user_node,
    cast(null as {{ dbt.type_string() }}) as anonymous_node,
    cast(null as {{ dbt.type_string() }}) as previous_node,
    cast(null as {{ dbt.type_string() }}) as email,
    page_url,
    cast(null as {{ dbt.type_string() }}) as order_id,
    cast(null as {{ dbt.type_string() }}) as cart_id,
    cast(null as {{ dbt.type_string() }}) as product_id,
    cast(null as {{ dbt.type_string() }}) as category,
    cast(null as bigint) as value_cents,
    cast(null as {{ dbt.type_string() }}) as properties,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as machine_evidence,
    occurred_at,
    batch,
    cast(occurred_at as date) as event_date
from {{ ref('stg_fivetran_hubspot__form_submissions') }}
