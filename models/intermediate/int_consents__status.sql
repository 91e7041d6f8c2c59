-- One row per address, channel and purpose with what holds now: the newest statement; a later opt-in beats an opt-out.
with

statements as (

    select address, channel, purpose, status, method, occurred_at
    from {{ ref('stg_shop__consents') }}
    where address is not null

    union all

    select
        recipient as address,
        channel,
        'marketing' as purpose,
        case when event = 'resubscribed' then 'opt_in' else 'opt_out' end as status,
        source || ':' || event as method,
        occurred_at
    from {{ ref('int_messages__unioned') }}
    where event in ('unsubscribed', 'resubscribed', 'complained')
        and recipient is not null
        -- Being put back on a list by the sender is nobody's consent.
        and not (event = 'resubscribed' and coalesce(reason, '') = 'by_sender')

)

select
    address,
    channel,
    purpose,
    status,
    method,
    occurred_at
from statements
qualify row_number() over (
    partition by address, channel, purpose
    -- The strictest wins where two statements carry the same time.
    order by occurred_at desc nulls last, case when status = 'opt_out' then 0 else 1 end, method nulls last
) = 1
