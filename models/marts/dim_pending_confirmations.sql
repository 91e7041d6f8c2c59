-- One row per address and channel whose newest sign-up waits to be confirmed: where to send the link, and until when.
{%- set days = var('confirm_within_days') | int %}

with

signups as (

    select
        submission_id,
        form,
        channel,
        address,
        {{ sorted_list('purpose') }} as purposes,
        min(submitted_at) as submitted_at,
        {{ dbt.dateadd('day', days, 'min(submitted_at)') }} as expires_at
    from {{ ref('int_forms__consents') }}
    where is_double and submitted_at <= {{ as_of() }}
    group by submission_id, form, channel, address

),

newest as (

    select * from signups
    qualify row_number() over (
        partition by channel, address order by submitted_at desc nulls last, submission_id nulls last
    ) = 1

),

-- Whoever left, complained or bounced since does not want it, or cannot get it.
refusals as (

    select address, channel, max(occurred_at) as refused_at
    from {{ ref('int_consents__ledger') }}
    where status = 'opt_out' and occurred_at <= {{ as_of() }}
    group by address, channel

),

closed as (

    select channel, mailbox
    from {{ ref('int_contacts__suppressions') }}
    where reason in ('complaint', 'hard_bounce')
    group by channel, mailbox

)

select
    newest.submission_id,
    newest.channel,
    newest.address,
    nodes.contact_id,
    newest.form,
    newest.purposes,
    newest.submitted_at,
    newest.expires_at
from newest
left join {{ ref('stg_forms__confirmations') }} as confirmations
    on newest.submission_id = confirmations.submission_id
    and newest.channel = confirmations.channel
    and newest.address = confirmations.address
    and confirmations.confirmed_at <= {{ as_of() }}
left join refusals
    on newest.channel = refusals.channel
    and newest.address = refusals.address
    and newest.submitted_at <= refusals.refused_at
left join closed
    on newest.channel = closed.channel
    and case when newest.channel = 'email' then {{ canonical_email('newest.address') }} else newest.address end = closed.mailbox
left join {{ ref('int_identity__nodes') }} as nodes
    on case when newest.channel = 'email' then 'email:' else 'phone:' end || newest.address = nodes.node
where confirmations.submission_id is null
    and refusals.address is null
    and closed.mailbox is null
    and newest.expires_at > {{ as_of() }}
