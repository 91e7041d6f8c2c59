-- One row per delivered Vonage receipt or message to us, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    message_event_id,
    message_id,
    message_key,
    'vonage' as source,
    'sms' as channel,
    event,
    bounce_class,
    reject_reason,
    smtp_code,
    case when recipient is not null then 'phone:' || recipient end as recipient_node,
    recipient,
    campaign,
    variant,
    url,
    user_agent,
    ip,
    reason,
    machine_flag is not null as is_machine_by_vendor,
    machine_flag,
    coalesce(first_received_at, occurred_at) as occurred_at,
    occurred_at_source,
    batch,
    cast(coalesce(first_received_at, occurred_at) as date) as event_date
from {{ first_receipt('stg_vonage__message_statuses', every=true) }}
where message_id is not null
