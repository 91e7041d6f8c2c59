-- One row per event of a message of any channel and source, each event once, kept by day.
{{ incremental_by_date('event_date') }}

with

delivered as (

    select * from {{ ref('int_messages__sendgrid') }}
    union all
    select * from {{ ref('int_messages__twilio') }}
    union all
    select * from {{ ref('int_messages__amazon_ses') }}
    union all
    select * from {{ ref('int_messages__postmark') }}
    union all
    select * from {{ ref('int_messages__dirty_email') }}

),

touched as (

    select * from delivered
    where {{ only_touched_days('delivered', 'event_date') }}

),

repeated as (

    select message_event_id from touched
    group by message_event_id
    having count(*) > 1

),

first_of_repeated as (

    select touched.* from touched
    where touched.message_event_id in (select repeated.message_event_id from repeated)
    qualify row_number() over (
        partition by message_event_id
        order by batch nulls last, occurred_at nulls last, source nulls last
    ) = 1

)

select touched.* from touched
where touched.message_event_id not in (select repeated.message_event_id from repeated)
union all
select * from first_of_repeated
