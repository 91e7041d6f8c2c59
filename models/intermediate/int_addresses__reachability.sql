-- One row per address and channel that ever said yes to marketing: since when, and when and why it was lost, as known now.
with

gained as (

    select address, channel, min(occurred_at) as gained_at
    from {{ ref('int_consents__ledger') }}
    where purpose = 'marketing'
        and status in ('opt_in', 'double_opt_in')
        and (occurred_at is null or occurred_at <= {{ as_of() }})
    group by address, channel

),

addresses as (

    select *, case when channel = 'email' then {{ canonical_email('address') }} else address end as mailbox
    from gained

),

-- A mailbox that is closed stays closed under all of its aliases.
closed as (

    select channel, mailbox, min_by(reason, (coalesce(suppressed_at, cast('1970-01-01' as timestamp)), reason)) as reason, min(suppressed_at) as suppressed_at
    from {{ ref('int_contacts__suppressions') }}
    group by channel, mailbox

),

standing as (

    select address, channel, status, occurred_at from {{ ref('int_consents__status') }}
    where purpose = 'marketing' and status not in ('opt_in', 'double_opt_in')

)

select
    addresses.address,
    addresses.channel,
    addresses.gained_at,
    coalesce(closed.reason, standing.status) as lost_reason,
    case
        when coalesce(closed.reason, standing.status) is not null
            -- A loss without a time, or dated before the yes that it ended, shows at the yes.
            then greatest(coalesce(closed.suppressed_at, standing.occurred_at, addresses.gained_at), addresses.gained_at)
    end as lost_at
from addresses
left join closed on addresses.mailbox = closed.mailbox and addresses.channel = closed.channel
left join standing on addresses.address = standing.address and addresses.channel = standing.channel
