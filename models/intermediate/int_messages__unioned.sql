-- One row per event of a message of any channel and source, each event once, kept by day.
{{ incremental_by_date('event_date') }}

with

touched as (

    select * from {{ ref('int_messages__delivered') }}
    where {{ only_touched_days(ref('int_messages__delivered'), 'event_date') }}

),

{{ each_once('touched', 'message_event_id') }}
