-- One row per event of a message that is more than its way there, as opens, bounces and complaints are, each once; appended.
{{ incremental_by_append() }}
{% set delivered = ref('int_messages__delivered') %}
{% set told = "event not in ('queued', 'sent', 'deferred', 'delivered')" %}
{% set fresh = told ~ ' and batch > ' ~ newest_batch() ~ ' and ' ~ not_held(delivered, 'message_event_id', 'event_date') %}

{%- set columns = [
    'message_event_id', 'message_id', 'source', 'channel', 'event', 'bounce_class', 'reject_reason', 'smtp_code',
    'recipient_node', 'url', 'user_agent', 'ip', 'reason', 'is_machine_by_vendor', 'machine_flag',
    'occurred_at', 'occurred_at_source', 'batch', 'event_date',
] %}
{{ each_once(delivered, 'message_event_id', fresh, columns) }}
