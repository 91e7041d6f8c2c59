-- One row per event of any source, each event once, kept by day.
{{ incremental_by_date('event_date') }}

with

touched as (

    select * from {{ ref('int_events__delivered') }}
    where {{ only_touched_days(ref('int_events__delivered'), 'event_date') }}

),

{{ each_once('touched', 'event_id') }}
