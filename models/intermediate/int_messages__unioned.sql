-- One row per event of a message of any channel and source, each event once; for whoever asks about one message, no model reads it.
{{ config(materialized='view') }}

{{ each_once(ref('int_messages__delivered'), 'message_event_id') }}
