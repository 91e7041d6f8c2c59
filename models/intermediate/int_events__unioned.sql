-- One row per event of any source, each event once; new ones are appended.
{{ incremental_by_append() }}

with

fresh as (

    select * from {{ ref('int_events__delivered') }}
    where batch > {{ newest_batch() }}
        and {{ not_held(ref('int_events__delivered'), 'event_id', 'event_date') }}

),

{{ each_once('fresh', 'event_id') }}
