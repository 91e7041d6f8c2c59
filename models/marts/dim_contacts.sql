-- One row per contact: who they are, whether we may message them, and what they have done, as of now.
with

-- Consent in the strict sense: said by this address, and not taken back by any other of the same person.
permissions as (

    select contact_id, channel, address, status in ('opt_in', 'double_opt_in') and coalesce(refusal, '') <> 'opt_out of another address' as may
    from {{ ref('int_contacts__permissions') }}
    where purpose = 'marketing'

),

closed as (

    select channel, mailbox, min(reason) as reason
    from {{ ref('int_contacts__suppressions') }}
    group by channel, mailbox

)

select
    profiles.contact_id,
    profiles.email,
    profiles.phone,
    profiles.first_name,
    profiles.last_name,
    profiles.company,
    profiles.job_title,
    profiles.industry,
    profiles.company_size,
    profiles.account_id,
    profiles.country,
    profiles.city,
    profiles.timezone,
    profiles.acquisition_source,
    profiles.born_on,
    profiles.created_at,
    profiles.record_count,
    coalesce(by_email.may, false) as has_email_consent,
    coalesce(by_sms.may, false) as has_sms_consent,
    email_stop.reason as email_suppression,
    sms_stop.reason as sms_suppression,
    case when purchases.order_count + purchases.won_deal_count > 0 then 'customer' else 'lead' end as lifecycle,
    activity.first_seen_at,
    greatest(activity.last_seen_at, engagement.last_opened_at, engagement.last_clicked_at) as last_active_at,
    coalesce(activity.visit_count, 0) as visit_count,
    coalesce(purchases.order_count, 0) as order_count,
    coalesce(purchases.revenue_cents, 0) as revenue_cents,
    purchases.first_ordered_at,
    purchases.last_ordered_at,
    coalesce(engagement.message_count, 0) as message_count,
    engagement.last_opened_at,
    engagement.last_clicked_at
from {{ ref('int_contacts__profiles') }} as profiles
left join {{ ref('int_contacts__activity') }} as activity on profiles.contact_id = activity.contact_id
left join {{ ref('int_contacts__engagement') }} as engagement on profiles.contact_id = engagement.contact_id
left join {{ ref('int_contacts__purchases') }} as purchases on profiles.contact_id = purchases.contact_id
left join permissions as by_email on profiles.email = by_email.address and by_email.channel = 'email'
    and profiles.contact_id = by_email.contact_id
left join permissions as by_sms on profiles.phone = by_sms.address and by_sms.channel = 'sms'
    and profiles.contact_id = by_sms.contact_id
left join closed as email_stop
    on {{ canonical_email('profiles.email') }} = email_stop.mailbox and email_stop.channel = 'email'
left join closed as sms_stop on profiles.phone = sms_stop.mailbox and sms_stop.channel = 'sms'
