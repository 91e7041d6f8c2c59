-- One row per answer to a message that says something about consent: unsubscribed, complained, came back.
{{ config(materialized='ephemeral') }}

select
    recipient as address,
    channel,
    'marketing' as purpose,
    case when event = 'resubscribed' then 'opt_in' else 'opt_out' end as status,
    source || ':' || event as method,
    source,
    true as is_explicit,
    message_event_id as evidence,
    cast(null as timestamp) as expires_at,
    occurred_at,
    batch
from {{ ref('int_messages__unioned') }}
where event in ('unsubscribed', 'resubscribed', 'complained')
    and recipient is not null
    -- Being put back on a list by the sender is nobody's consent.
    and not (event = 'resubscribed' and coalesce(reason, '') = 'by_sender')
