-- One row per HubSpot e-mail event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    'hubspot:' || events.event_id as message_event_id,
    'hubspot:' || coalesce(events.sent_event_id, events.event_id) as message_id,
    cast(null as {{ dbt.type_string() }}) as message_key,
    'hubspot' as source,
    'email' as channel,
    case
        when events.event_type = 'SENT' then 'sent'
        when events.event_type = 'DELIVERED' then 'delivered'
        when events.event_type = 'OPEN' then 'opened'
        when events.event_type = 'CLICK' then 'clicked'
        when events.event_type = 'BOUNCE' then 'bounced'
        when events.event_type = 'DEFERRED' then 'deferred'
        when events.event_type = 'DROPPED' then 'rejected'
        when events.event_type = 'SPAMREPORT' then 'complained'
        when changes.subscription_status = 'UNSUBSCRIBED' then 'unsubscribed'
        when changes.subscription_status = 'SUBSCRIBED' then 'resubscribed'
        else 'unknown'
    end as event,
    case
        when events.event_type <> 'BOUNCE' then cast(null as {{ dbt.type_string() }})
        when bounces.smtp_status like '5%' then 'hard'
        when bounces.smtp_status like '4%' then 'soft'
        else 'unknown'
    end as bounce_class,
    cast(null as {{ dbt.type_string() }}) as reject_reason,
    bounces.smtp_status as smtp_code,
    case when events.recipient is not null then 'email:' || events.recipient end as recipient_node,
    events.recipient,
    events.campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    clicks.url,
    clicks.user_agent,
    cast(null as {{ dbt.type_string() }}) as ip,
    case
        -- HubSpot does not say who asked: coming back counts for the sender's doing.
        when changes.subscription_status = 'SUBSCRIBED' then 'by_sender'
        else bounces.category
    end as reason,
    events.is_filtered as is_machine_by_vendor,
    cast(null as {{ dbt.type_string() }}) as machine_flag,
    events.occurred_at,
    'vendor' as occurred_at_source,
    events.batch,
    cast(events.occurred_at as date) as event_date
from {{ ref('stg_fivetran_hubspot__email_events') }} as events
left join {{ ref('stg_fivetran_hubspot__email_bounces') }} as bounces on events.event_id = bounces.event_id
left join {{ ref('stg_fivetran_hubspot__email_clicks') }} as clicks on events.event_id = clicks.event_id
left join {{ ref('stg_fivetran_hubspot__email_status_changes') }} as changes on events.event_id = changes.event_id
