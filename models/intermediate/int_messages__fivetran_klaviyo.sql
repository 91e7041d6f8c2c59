-- One row per event of a message in Klaviyo, in the canonical columns of a message event.
{{ config(materialized='view') }}

with

events as (

    select
        events.*,
        case
            when events.channel = 'sms' then coalesce(
                case when events.kind in ('sentsms', 'sentmms') then events.from_phone else events.to_phone end, people.phone
            )
            when events.channel = 'email' then people.email
        end as recipient
    from {{ ref('int_fivetran_klaviyo__events') }} as events
    left join {{ ref('stg_fivetran_klaviyo__people') }} as people on events.person_key = people.person_key
    where events.message_event is not null
        and not events.is_deleted

)

select
    'klaviyo:' || event_id as message_event_id,
    -- A person may run through a flow several times: then the sending tells its messages apart.
    case
        when kind in ('sentsms', 'sentmms') then cast(null as {{ dbt.type_string() }})
        when message_ref is not null
            then 'klaviyo:' || message_ref || ':' || coalesce(person_key, event_id)
                || case when flow_message_id is not null then coalesce(':' || sending, '') else '' end
        when message_event not in ('unsubscribed', 'complained') then 'klaviyo:' || event_id
    end as message_id,
    cast(null as {{ dbt.type_string() }}) as message_key,
    'klaviyo' as source,
    channel,
    message_event as event,
    case
        when message_event <> 'bounced' then cast(null as {{ dbt.type_string() }})
        when bounce_type like '%hard%' then 'hard'
        when bounce_type like '%soft%' then 'soft'
        else 'unknown'
    end as bounce_class,
    case
        when error_code = '21610' then 'suppressed_unsubscribe'
        when message_event = 'rejected' then 'other'
    end as reject_reason,
    cast(null as {{ dbt.type_string() }}) as smtp_code,
    coalesce(
        case when channel = 'email' then 'email:' when channel = 'sms' then 'phone:' end || recipient,
        'klaviyo:' || person_key
    ) as recipient_node,
    recipient,
    campaign,
    variant,
    url,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as ip,
    case
        when error_code = '21610' then 'suppressed_unsubscribe'
        when message_event = 'resubscribed' then 'by_recipient'
        else coalesce(reason, error_code)
    end as reason,
    message_event in ('opened', 'clicked') and is_machine as is_machine_by_vendor,
    cast(null as {{ dbt.type_string() }}) as machine_flag,
    occurred_at,
    occurred_at_source,
    batch,
    cast(occurred_at as date) as event_date
from events
