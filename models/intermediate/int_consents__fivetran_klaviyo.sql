-- One row per event of Klaviyo that says something of consent, and address of its person.
{{ config(materialized='view') }}

with

statements as (

    select
        *,
        case
            when is_opt_in or message_event = 'resubscribed' then 'opt_in'
            when message_event = 'unsubscribed' or error_code = '21610' then 'opt_out'
            when message_event = 'complained' then 'complaint'
            when message_event = 'bounced' and bounce_type like '%hard%' then 'hard_bounce'
        end as status,
        is_by_word or {{ is_by_person('method') }} as is_explicit
    from (select *, message_event = 'resubscribed' as is_by_word from {{ ref('int_fivetran_klaviyo__events') }}) as events

)

select
    addresses.address,
    addresses.channel,
    -- A mailbox that is gone or has complained is closed to every purpose.
    case when statements.status in ('complaint', 'hard_bounce') then 'any' else 'marketing' end as purpose,
    statements.status,
    'klaviyo:' || lower(statements.metric_name) as method,
    'klaviyo' as source,
    statements.status <> 'opt_in' or coalesce(statements.is_explicit, false) as is_explicit,
    'klaviyo:' || statements.event_id as evidence,
    cast(null as timestamp) as expires_at,
    statements.occurred_at,
    greatest(statements.batch, addresses.batch) as batch
from statements
inner join {{ ref('stg_fivetran_klaviyo__addresses') }} as addresses
    on statements.person_key = addresses.person_key
    and statements.channel = addresses.channel
-- A refusal holds for every address that the person ever had, whatever became of the event; a consent for the one they have.
where statements.status in ('opt_out', 'complaint', 'hard_bounce')
    or (statements.status = 'opt_in' and addresses.is_current and not statements.is_deleted)
