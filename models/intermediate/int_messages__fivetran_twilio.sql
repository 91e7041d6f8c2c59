-- One row per status of a message of Twilio that Fivetran landed, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    -- The same keys as of the callbacks: a status that came both ways is one event.
    'twilio:' || message_sid || ':' || status as message_event_id,
    'twilio:' || message_sid as message_id,
    cast(null as {{ dbt.type_string() }}) as message_key,
    'twilio' as source,
    'sms' as channel,
    {{ twilio_event() }} as event,
    cast(null as {{ dbt.type_string() }}) as bounce_class,
    case when error_code = '21610' then 'suppressed_unsubscribe' end as reject_reason,
    cast(null as {{ dbt.type_string() }}) as smtp_code,
    case when recipient is not null then 'phone:' || recipient end as recipient_node,
    recipient,
    cast(null as {{ dbt.type_string() }}) as campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    cast(null as {{ dbt.type_string() }}) as url,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as ip,
    case
        when error_code = '21610' then 'suppressed_unsubscribe'
        when is_inbound and word in ('START', 'UNSTOP') then 'by_recipient'
        else error_code
    end as reason,
    false as is_machine_by_vendor,
    cast(null as {{ dbt.type_string() }}) as machine_flag,
    occurred_at,
    'vendor' as occurred_at_source,
    batch,
    cast(occurred_at as date) as event_date
from {{ ref('stg_fivetran_twilio__messages') }}
