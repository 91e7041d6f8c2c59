-- One row per event of a message of any channel and source, each event once; new ones are appended. The node says the address.
{{ incremental_by_append() }}
{% set delivered = ref('int_messages__delivered') %}
{% set fresh = 'batch > ' ~ newest_batch() ~ ' and ' ~ not_held(delivered, 'message_event_id', 'event_date') %}

{%- set columns = [
    'message_event_id', 'message_id', 'message_key', 'source', 'channel', 'event', 'bounce_class', 'reject_reason', 'smtp_code',
    'recipient_node', 'campaign', 'variant', 'url', 'user_agent', 'ip', 'reason', 'is_machine_by_vendor', 'machine_flag',
    'occurred_at', 'occurred_at_source', 'batch', 'event_date',
] %}
{{ each_once(delivered, 'message_event_id', fresh, columns) }}
