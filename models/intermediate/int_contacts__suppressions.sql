-- One row per address and channel that must not be messaged, with the reason that weighs most.
with

reasons as (

    select
        address,
        channel,
        case status when 'complaint' then 'complaint' else 'hard_bounce' end as reason,
        case status when 'complaint' then 0 else 1 end as weight,
        occurred_at
    from {{ ref('int_consents__ledger') }}
    where status in ('complaint', 'hard_bounce')
        and (occurred_at is null or occurred_at <= {{ as_of() }})

    union all

    select address, channel, 'opt_out', 2, occurred_at
    from {{ ref('int_consents__status') }}
    where status = 'opt_out' and purpose = 'marketing'

)

select
    address,
    channel,
    case when channel = 'email' then {{ canonical_email('address') }} else address end as mailbox,
    min_by(reason, (weight, occurred_at)) as reason,
    min(occurred_at) as suppressed_at
from reasons
group by address, channel
