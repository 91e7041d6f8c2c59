-- One row per event of Iterable that says something of consent, and address of its user.
{{ config(materialized='view') }}

with

statements as (

    select
        *,
        case
            when is_opt_in or message_event = 'resubscribed' then 'opt_in'
            when message_event = 'unsubscribed' then 'opt_out'
            when message_event = 'complained' then 'complaint'
            when message_event = 'bounced' and recipient_state like '%hard%' then 'hard_bounce'
        end as status
    from {{ ref('int_fivetran_iterable__events') }}
    where channel in ('email', 'sms')

),

-- Of a user who is not known yet the event's own address counts.
addresses as (

    select person_key, channel, address, is_current, batch from {{ ref('stg_fivetran_iterable__addresses') }}
    union
    select person_key, 'email', email, true, 0
    from statements
    where email is not null and status is not null

)

select
    addresses.address,
    addresses.channel,
    -- A mailbox that is gone or has complained is closed to every purpose.
    case when statements.status in ('complaint', 'hard_bounce') then 'any' else 'marketing' end as purpose,
    statements.status,
    'iterable:' || statements.event_name as method,
    'iterable' as source,
    statements.status <> 'opt_in'
    or coalesce(statements.message_event = 'resubscribed', false)
    or {{ is_by_person('statements.method') }} as is_explicit,
    'iterable:' || statements.event_id as evidence,
    cast(null as timestamp) as expires_at,
    statements.occurred_at,
    greatest(statements.batch, addresses.batch) as batch
from statements
inner join addresses
    on statements.person_key = addresses.person_key
    and statements.channel = addresses.channel
-- A refusal holds for every address that the user ever had, whatever became of the event; a consent for the one they have.
where statements.status in ('opt_out', 'complaint', 'hard_bounce')
    or (statements.status = 'opt_in' and addresses.is_current and not statements.is_deleted)
