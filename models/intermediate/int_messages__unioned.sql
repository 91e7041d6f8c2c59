-- One row per event of a message of any channel and source, each event once; new ones are appended.
{{ incremental_by_append() }}
{% set delivered = ref('int_messages__delivered') %}
{% set fresh = 'batch > ' ~ newest_batch() ~ ' and ' ~ not_held(delivered, 'message_event_id', 'event_date') %}

{{ each_once(delivered, 'message_event_id', fresh) }}
