-- One row per Mailchimp message that was sent, action of its recipient and unsubscription, in the canonical columns of a message event.
{{ config(materialized='view') }}

with

activities as (

    select
        activities.*,
        coalesce(activities.list_id, mailings.list_id, '') as audience,
        coalesce(mailings.name, activities.mailing_id) as campaign,
        coalesce(
            activities.occurred_at, case when activities.action = 'sent' then mailings.sent_at end,
            activities.first_seen_at
        ) as happened_at,
        coalesce(activities.occurred_at, case when activities.action = 'sent' then mailings.sent_at end) is not null as is_timed
    from {{ ref('int_fivetran_mailchimp__activities') }} as activities
    left join {{ ref('int_fivetran_mailchimp__mailings') }} as mailings
        on activities.mailing_id = mailings.mailing_id

)

select
    'mailchimp:' || coalesce(
        activities.activity_id,
        activities.action || ':' || activities.mailing_id || ':' || activities.audience || ':' || activities.member_id
    ) as message_event_id,
    'mailchimp:' || activities.mailing_id || ':' || activities.audience || ':' || activities.member_id as message_id,
    cast(null as {{ dbt.type_string() }}) as message_key,
    'mailchimp' as source,
    'email' as channel,
    case activities.action
        when 'sent' then 'sent'
        when 'open' then 'opened'
        when 'click' then 'clicked'
        when 'bounce' then 'bounced'
        when 'unsubscribe' then 'unsubscribed'
        else 'unknown'
    end as event,
    case
        when activities.action <> 'bounce' then cast(null as {{ dbt.type_string() }})
        when activities.bounce_type in ('hard', 'soft') then activities.bounce_type
        else 'unknown'
    end as bounce_class,
    cast(null as {{ dbt.type_string() }}) as reject_reason,
    cast(null as {{ dbt.type_string() }}) as smtp_code,
    -- Whose address has not landed yet is known by the member.
    coalesce('email:' || members.email, 'mailchimp:' || activities.audience || ':' || activities.member_id) as recipient_node,
    members.email as recipient,
    activities.campaign,
    activities.variant,
    activities.url,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    activities.ip,
    activities.reason,
    false as is_machine_by_vendor,
    cast(null as {{ dbt.type_string() }}) as machine_flag,
    activities.happened_at as occurred_at,
    case when activities.is_timed then 'vendor' else 'received' end as occurred_at_source,
    activities.batch,
    cast(activities.happened_at as date) as event_date
from activities
left join {{ ref('stg_fivetran_mailchimp__members') }} as members
    on activities.audience = members.list_id and activities.member_id = members.member_id
