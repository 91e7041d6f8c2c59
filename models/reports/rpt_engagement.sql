-- One row per channel and time since the last human activity: contacts that we may message, and that we may not.
with

contacts as (

    select
        contact_id,
        email,
        phone,
        has_email_consent and email_suppression is null as may_email,
        has_sms_consent and sms_suppression is null as may_sms,
        {{ dbt.datediff('last_active_at', as_of(), 'day') }} as silent_days
    from {{ ref('dim_contacts') }}

),

by_channel as (

    select 'email' as channel, silent_days, coalesce(may_email, false) as may from contacts
    where email is not null
    union all
    select 'sms', silent_days, coalesce(may_sms, false) from contacts
    where phone is not null

)

select
    channel,
    case
        when silent_days is null then 'never'
        when silent_days <= 30 then '0 to 30 days'
        when silent_days <= 90 then '31 to 90 days'
        when silent_days <= 180 then '91 to 180 days'
        when silent_days <= 365 then '181 to 365 days'
        else 'over a year'
    end as last_active,
    count(*) as contact_count,
    cast(sum(case when may then 1 else 0 end) as bigint) as reachable_count
from by_channel
group by 1, 2
