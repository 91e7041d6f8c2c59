-- One row per address and channel that must not be messaged, with the reason that weighs most.
with

reasons as (

    select recipient as address, channel, 'hard_bounce' as reason, 1 as weight, occurred_at
    from {{ ref('int_messages__unioned') }}
    where event = 'bounced' and bounce_class = 'hard' and recipient is not null

    union all

    select recipient, channel, 'complaint', 0, occurred_at
    from {{ ref('int_messages__unioned') }}
    where event = 'complained' and recipient is not null

    union all

    select address, channel, 'opt_out', 2, occurred_at
    from {{ ref('int_consents__status') }}
    where status = 'opt_out' and purpose = 'marketing'

    union all

    select address, channel, status, 1, occurred_at
    from {{ ref('int_consents__soft_bounces') }}
    where occurred_at <= {{ as_of() }}

    union all

    -- Whoever was erased is left alone, at whatever moment we decide for, until they come back by themselves.
    select erased.address, erased.channel, 'erasure', -1, erased.erased_at
    from {{ ref('stg_millrace__erased_addresses') }} as erased
    where not exists (
        select 1 from {{ ref('int_consents__delivered') }} as consents
        where consents.address = erased.address
            and consents.channel = erased.channel
            and consents.status in ('opt_in', 'double_opt_in')
            and consents.is_explicit
            and consents.occurred_at > erased.erased_at
            and consents.occurred_at <= {{ as_of() }}
    )

)

select
    address,
    channel,
    min_by(reason, (weight, occurred_at)) as reason,
    min(occurred_at) as suppressed_at
from reasons
group by address, channel
