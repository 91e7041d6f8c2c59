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

)

select
    address,
    channel,
    min_by(reason, (weight, occurred_at)) as reason,
    min(occurred_at) as suppressed_at
from reasons
group by address, channel
