-- One row per event of a message of any channel and source, each event once; new ones are appended.
{{ incremental_by_append() }}

with

fresh as (

    select * from {{ ref('int_messages__delivered') }}
    where batch > {{ newest_batch() }}
        and {{ not_held(ref('int_messages__delivered'), 'message_event_id', 'event_date') }}

),

{{ each_once('fresh', 'message_event_id') }}
