-- One row per event of a message in Iterable, in the canonical columns of a message event.
{{ config(materialized='view') }}

with

events as (

    select
        events.*,
        case
            when events.channel = 'sms' then coalesce(
                case when events.kind in ('smsreceived', 'mmsreceived') then events.from_phone else events.to_phone end, users.phone
            )
            when events.channel = 'email' then coalesce(events.email, users.email)
        end as recipient,
        {{ smtp_code('events.server_answer') }} as code,
        lower(coalesce(events.why, '')) as because
    from {{ ref('int_fivetran_iterable__events') }} as events
    left join {{ ref('stg_fivetran_iterable__users') }} as users on events.person_key = users.person_key
    where events.message_event is not null
        and not events.is_deleted

)

select
    'iterable:' || event_id as message_event_id,
    case
        when kind in ('smsreceived', 'mmsreceived') then cast(null as {{ dbt.type_string() }})
        when message_id is not null then 'iterable:' || message_id
        when campaign_id is not null and person_key is not null then 'iterable:' || campaign_id || ':' || person_key
        when message_event not in ('unsubscribed', 'complained') then 'iterable:' || event_id
    end as message_id,
    cast(null as {{ dbt.type_string() }}) as message_key,
    'iterable' as source,
    channel,
    message_event as event,
    case
        when message_event <> 'bounced' then cast(null as {{ dbt.type_string() }})
        when recipient_state like '%hard%' then 'hard'
        when recipient_state like '%soft%' then 'soft'
        when recipient_state like '%block%' then 'block'
        when code like '5%' then 'hard'
        when code like '4%' then 'soft'
        else 'unknown'
    end as bounce_class,
    case
        when message_event <> 'rejected' then cast(null as {{ dbt.type_string() }})
        when because like '%duplicate%' then 'duplicate'
        -- Left this channel or type, bounced or complained before: said by events and tables of their own.
        else 'other'
    end as reject_reason,
    code as smtp_code,
    coalesce(
        case when channel = 'email' then 'email:' when channel = 'sms' then 'phone:' end || recipient,
        'iterable:' || person_key
    ) as recipient_node,
    recipient,
    campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    url,
    user_agent,
    ip,
    case when message_event = 'resubscribed' then 'by_recipient' else coalesce(why, unsub_source, recipient_state) end as reason,
    false as is_machine_by_vendor,
    case
        when message_event not in ('opened', 'clicked') then cast(null as {{ dbt.type_string() }})
        when is_by_bot then 'bot=generic'
        when proxy_of like '%apple%' then 'is_prefetched'
        when nullif(proxy_of, '') is not null and proxy_of not in ('none', 'null', 'false') then 'is_proxy'
    end as machine_flag,
    occurred_at,
    occurred_at_source,
    batch,
    cast(occurred_at as date) as event_date
from events
