-- One row per text message to us that asks for help by its only word: the outbox answers each once.
select
    events.message_id as help_request_id,
    events.channel,
    {{ node_address('events.recipient_node') }} as address,
    nodes.contact_id,
    min(events.occurred_at) as asked_at
from {{ ref('int_messages__responses') }} as events
left join {{ ref('int_identity__nodes') }} as nodes on events.recipient_node = nodes.node
where events.event = 'inbound'
    and events.reason = 'help'
    and {{ node_address('events.recipient_node') }} is not null
    and events.occurred_at <= {{ as_of() }}
group by events.message_id, events.channel, events.recipient_node, nodes.contact_id
