-- One row per delivered Twilio status, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    message_event_id,
    message_id,
    message_key,
    'twilio' as source,
    'sms' as channel,
    event,
    cast(null as {{ dbt.type_string() }}) as bounce_class,
    case when recipient is not null then 'phone:' || recipient end as recipient_node,
    recipient,
    split_part(message_key, ':', 1) as campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    cast(null as {{ dbt.type_string() }}) as url,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    reason,
    false as is_machine_by_vendor,
    occurred_at,
    batch,
    cast(occurred_at as date) as event_date
from {{ ref('stg_twilio__message_statuses') }}
