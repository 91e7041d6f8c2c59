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

-- Repeats are few: finding their keys first keeps wide rows out of the sort.
repeated as (

    select event_id from touched
    group by event_id
    having count(*) > 1

),

first_of_repeated as (

    select touched.* from touched
    where touched.event_id in (select repeated.event_id from repeated)
    qualify row_number() over (
        partition by event_id order by batch nulls last, occurred_at nulls last, source nulls last
    ) = 1

),

once as (

    select touched.* from touched
    where touched.event_id not in (select repeated.event_id from repeated)

)

select * from once
union all
select * from first_of_repeated
