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

    union all

    select address, channel, status, 1, occurred_at
    from {{ ref('int_consents__soft_bounces') }}
    where occurred_at <= {{ as_of() }}

    union all

    -- Whoever was erased is left alone, at whatever moment we decide for, until they come back by themselves.
    select erased.address, erased.channel, 'erasure', -1, erased.erased_at
    from {{ ref('stg_millrace__erased_addresses') }} as erased
    where not exists (
        select 1 from {{ ref('int_consents__ledger') }} as consents
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
    case when channel = 'email' then {{ canonical_email('address') }} else address end as mailbox,
    min_by(reason, (weight, occurred_at)) as reason,
    min(occurred_at) as suppressed_at
from reasons
group by address, channel
