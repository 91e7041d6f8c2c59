-- Addresses gained less those lost are the addresses that say yes today and are not closed.
with

closed as (

    select channel, mailbox from {{ ref('int_contacts__suppressions') }}
    group by channel, mailbox

),

reachable as (

    select subscriptions.channel, count(*) as address_count
    from {{ ref('dim_subscriptions') }} as subscriptions
    left join closed
        on subscriptions.channel = closed.channel
        and case when subscriptions.channel = 'email' then {{ canonical_email('subscriptions.address') }}
            else subscriptions.address end = closed.mailbox
    where subscriptions.purpose = 'marketing' and subscriptions.is_opted_in and closed.mailbox is null
    group by subscriptions.channel

),

reported as (

    select channel, sum(reachable_change) as address_count from {{ ref('rpt_contact_growth') }}
    where change <> 'new'
    group by channel

)

select coalesce(reachable.channel, reported.channel) as channel, reachable.address_count, reported.address_count as reported_count
from reachable
full outer join reported on reachable.channel = reported.channel
where coalesce(reachable.address_count, 0) <> coalesce(reported.address_count, 0)
