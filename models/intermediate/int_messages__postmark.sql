-- One row per delivered Postmark webhook, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    message_event_id,
    message_id,
    cast(null as {{ dbt.type_string() }}) as message_key,
    'postmark' as source,
    'email' as channel,
    event,
    bounce_class,
    case when recipient is not null then 'email:' || recipient end as recipient_node,
    recipient,
    campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    url,
    user_agent,
    cast(null as {{ dbt.type_string() }}) as reason,
    false as is_machine_by_vendor,
    occurred_at,
    batch,
    cast(occurred_at as date) as event_date
from {{ ref('stg_postmark__events') }}
