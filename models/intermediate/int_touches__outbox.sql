-- One row per message of the outbox that no receipt tells of: still to come, or never to be sent, and why.
{{ config(materialized='view') }}

select
    'outbox:' || messages.message_id as touch_id,
    coalesce(moved.contact_id, messages.contact_id) as contact_id,
    case when messages.channel = 'onsite' then 'decision' else 'message' end as kind,
    messages.channel,
    messages.source_name as campaign,
    'outbox_' || messages.channel as sync,
    messages.destination,
    'message' as object,
    cast(null as {{ dbt.type_string() }}) as operation,
    messages.state,
    messages.reason,
    cast(null as {{ dbt.type_string() }}) as vendor_id,
    cast(null as {{ dbt.type_string() }}) as receipt_id,
    cast(null as {{ dbt.type_string() }}) as message_id,
    case
        when messages.state in ('planned', 'deferred', 'cleared', 'claimed', 'held') then coalesce(messages.send_at, messages.due_at)
        else messages.state_at
    end as occurred_at,
    cast(null as timestamp) as received_at,
    cast(null as timestamp) as delivered_at,
    cast(null as timestamp) as opened_at,
    cast(null as timestamp) as clicked_at
from {{ ref('stg_outbox__messages') }} as messages
left join {{ ref('int_identity__moved') }} as moved on messages.contact_id = moved.previous_contact_id
-- What a destination has, or had and gave back or refused, has a receipt.
where messages.vendor_id is null
    and messages.state not in ('handed_over', 'delivered', 'in_doubt')
    and not (messages.state = 'rejected' and messages.destination is not null)
