-- One row per event of any source, each event once, kept by day.
{{ incremental_by_date('event_date') }}

with

delivered as (

    select * from {{ ref('int_events__segment') }}
    union all
    select * from {{ ref('int_events__rees46') }}

),

touched as (

    select * from delivered
    where {{ only_touched_days('delivered', 'event_date') }}

),

{{ each_once('touched', 'event_id') }}
