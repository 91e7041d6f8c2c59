-- One row per message to one recipient: its state, and the human reactions to it.
{{ config(materialized='view') }}

select
    messages.message_id,
    messages.message_key,
    messages.source,
    messages.channel,
    nodes.contact_id,
    messages.campaign,
    messages.variant,
    messages.state,
    messages.failure,
    messages.sent_at,
    messages.delivered_at,
    messages.failed_at,
    messages.first_opened_at,
    messages.first_clicked_at,
    messages.unsubscribed_at,
    messages.complained_at,
    messages.machine_event_count
from {{ ref('int_messages__messages') }} as messages
left join {{ ref('int_identity__nodes') }} as nodes on messages.recipient_node = nodes.node
