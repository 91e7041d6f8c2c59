-- One row per text message to schedule: a reminder of the cart left behind, at the contact's best local hour.
{{ config(meta={'sync': {
    'destination': 'twilio', 'object': 'message', 'key': 'message_key', 'mode': 'append',
    'schedule': '*/15 * * * *', 'guards': {'max_change_fraction': 1.0}, 'dry_run': false,
}}) }}

with

carts as (

    select
        segment.contact_id,
        segment.since,
        reachable.address,
        contacts.first_name,
        coalesce(contacts.timezone, 'UTC') as zone,
        hours.best_hour
    from {{ ref('seg_abandoned_cart') }} as segment
    inner join {{ ref('dim_reachable_addresses') }} as reachable
        on segment.contact_id = reachable.contact_id and reachable.channel = 'sms'
    inner join {{ ref('dim_contacts') }} as contacts on segment.contact_id = contacts.contact_id
    inner join {{ ref('score_send_hour') }} as hours on segment.contact_id = hours.contact_id

),

-- Nobody gets a text between nine in the evening and eight in the morning, whatever their best hour is.
allowed as (

    select
        carts.*,
        least(greatest(best_hour, 8), 20) as local_hour,
        {{ local_time(as_of(), 'carts.zone') }} as local_now
    from carts

),

-- The next such hour that is at least ten minutes away.
planned as (

    select
        allowed.*,
        case
            when extract(hour from local_now) + 1 <= local_hour
                then {{ dbt.dateadd('hour', 'local_hour', "date_trunc('day', local_now)") }}
            else {{ dbt.dateadd('hour', 'local_hour + 24', "date_trunc('day', local_now)") }}
        end as send_local
    from allowed

)

select
    contact_id,
    'cart_reminder:' || contact_id || ':' || cast(cast(since as date) as {{ dbt.type_string() }}) as message_key,
    address as {{ adapter.quote('To') }},
    'Hi ' || coalesce(first_name, 'there') || ', your cart is still waiting: shop.example/cart. Reply STOP to opt out.' as {{ adapter.quote('Body') }},
    greatest({{ utc_time('send_local', 'zone') }}, {{ dbt.dateadd('minute', 10, as_of()) }}) as {{ adapter.quote('SendAt') }}
from planned
