-- One row per event of any source, each event once; new ones are appended.
{{ incremental_by_append() }}
{% set delivered = ref('int_events__delivered') %}
{% set fresh = 'batch > ' ~ newest_batch() ~ ' and ' ~ not_held(delivered, 'event_id', 'event_date') %}

{{ each_once(delivered, 'event_id', fresh) }}
