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

{{ each_once('touched', 'message_event_id') }}
