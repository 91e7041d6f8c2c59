-- One row per message that others sent to a contact: by campaigns of the vendors themselves, or before we kept receipts.
{{ config(materialized='view') }}

select
    'message:' || messages.message_id as touch_id,
    nodes.contact_id,
    'message' as kind,
    messages.channel,
    messages.campaign,
    cast(null as {{ dbt.type_string() }}) as sync,
    messages.source as destination,
    'message' as object,
    cast(null as {{ dbt.type_string() }}) as operation,
    messages.state,
    messages.failure as reason,
    cast(null as {{ dbt.type_string() }}) as vendor_id,
    cast(null as {{ dbt.type_string() }}) as receipt_id,
    messages.message_id,
    messages.sent_at as occurred_at,
    cast(null as timestamp) as received_at,
    messages.delivered_at,
    messages.first_opened_at as opened_at,
    messages.first_clicked_at as clicked_at
from {{ ref('int_messages__messages') }} as messages
left join {{ ref('int_identity__nodes') }} as nodes on messages.recipient_node = nodes.node
where not exists (
    select 1 from {{ ref('int_touches__receipts') }} as ours
    where ours.message_id = messages.message_id
)
