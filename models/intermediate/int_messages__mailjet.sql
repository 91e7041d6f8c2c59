-- One row per delivered Mailjet event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    message_event_id,
    message_id,
    message_key,
    'mailjet' as source,
    'email' as channel,
    event,
    bounce_class,
    reject_reason,
    smtp_code,
    case when recipient is not null then 'email:' || recipient end as recipient_node,
    recipient,
    campaign,
    variant,
    url,
    user_agent,
    ip,
    reason,
    machine_flag is not null as is_machine_by_vendor,
    machine_flag,
    occurred_at,
    occurred_at_source,
    batch,
    cast(occurred_at as date) as event_date
from {{ ref('stg_mailjet__events') }}
where message_id is not null
