-- One row per contact, channel, purpose and address: whether we may, and why not; what one address refused counts for all.
with

addresses as (

    select
        contact_id,
        case when node like 'email:%' then 'email' else 'sms' end as channel,
        substr(node, 7) as address
    from {{ ref('int_identity__nodes') }}
    where node like 'email:%' or node like 'phone:%'

),

said as (

    select
        addresses.contact_id,
        status.channel,
        status.purpose,
        status.address,
        status.status,
        status.occurred_at
    from {{ ref('int_consents__status') }} as status
    inner join addresses on status.address = addresses.address and status.channel = addresses.channel

),

refusals as (

    select contact_id, channel, purpose, max(occurred_at) as refused_at
    from said
    where status = 'opt_out'
    group by contact_id, channel, purpose

),

-- A mailbox that bounced or complained stays closed under all of its aliases.
closed as (

    select channel, mailbox, min(reason) as reason
    from {{ ref('int_contacts__suppressions') }}
    group by channel, mailbox

)

select
    said.contact_id,
    said.channel,
    said.purpose,
    said.address,
    case
        when closed.reason is not null then closed.reason
        when said.status = 'opt_out' then 'opt_out'
        when said.status = 'expired' then 'expired'
        when said.occurred_at <= refusals.refused_at then 'opt_out of another address'
    end as refusal,
    said.status,
    said.occurred_at as since
from said
left join refusals
    on said.contact_id = refusals.contact_id
    and said.channel = refusals.channel
    and said.purpose = refusals.purpose
left join closed
    on said.channel = closed.channel
    and case when said.channel = 'email' then {{ canonical_email('said.address') }} else said.address end = closed.mailbox
