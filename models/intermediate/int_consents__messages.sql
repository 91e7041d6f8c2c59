-- One row per message event that says something about consent: left, complained, came back, bounced, blocked by the sender.
{{ config(materialized='ephemeral') }}

with

statements as (

    select
        *,
        case
            when event = 'resubscribed' then 'opt_in'
            when event = 'unsubscribed' then 'opt_out'
            when event = 'complained' then 'complaint'
            when event = 'bounced' then 'hard_bounce'
            when reject_reason = 'suppressed_unsubscribe' then 'opt_out'
            when reject_reason = 'suppressed_complaint' then 'complaint'
            when reject_reason = 'suppressed_bounce' then 'hard_bounce'
        end as status
    from {{ ref('int_messages__responses') }}
    where {{ node_address('recipient_node') }} is not null
        and (
            event in ('unsubscribed', 'complained')
            -- Being put back on a list by the sender is nobody's consent.
            or (event = 'resubscribed' and coalesce(reason, '') <> 'by_sender')
            or (event = 'bounced' and bounce_class = 'hard')
            or reject_reason in ('suppressed_unsubscribe', 'suppressed_complaint', 'suppressed_bounce')
        )

)

select
    {{ node_address('recipient_node') }} as address,
    channel,
    -- A mailbox that is gone or has complained is closed to every purpose.
    case when status in ('complaint', 'hard_bounce') then 'any' else 'marketing' end as purpose,
    status,
    source || ':' || event as method,
    source,
    event <> 'rejected' as is_explicit,
    message_event_id as evidence,
    cast(null as timestamp) as expires_at,
    occurred_at,
    batch
from statements
