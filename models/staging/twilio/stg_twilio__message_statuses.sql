-- One row per delivered status callback in the canonical vocabulary; repeats are dropped where messages meet.
with

callbacks as (

    select
        *,
        coalesce(message_status, sms_status) as status,
        coalesce(message_status, sms_status) in ('received', 'receiving') as is_inbound,
        upper(trim(coalesce(opt_out_type, body, ''))) as word
    from {{ source('twilio', 'message_status') }}

)

select
    'twilio:' || message_sid || ':' || status as message_event_id,
    'twilio:' || message_sid as message_id,
    message_key,

    {{ twilio_event() }} as event,
    cast(null as {{ dbt.type_string() }}) as bounce_class,
    case when error_code = '21610' then 'suppressed_unsubscribe' end as reject_reason,
    cast(null as {{ dbt.type_string() }}) as smtp_code,
    -- Of a message to us, the contact is the sender.
    {{ normalize_phone("replace(replace(case when is_inbound then from_address else to_address end, 'whatsapp:', ''), 'sms:', '')") }}
        as recipient,
    split_part(message_key, ':', 1) as campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    cast(null as {{ dbt.type_string() }}) as url,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as ip,
    case
        when error_code = '21610' then 'suppressed_unsubscribe'
        when is_inbound and word in ('START', 'UNSTOP') then 'by_recipient'
        when opt_out_type = 'STOP' then 'stop'
        -- Where Twilio says so itself, it has answered.
        when is_inbound and opt_out_type is null and word in ('HELP', 'INFO') then 'help'
        else nullif(error_code, '')
    end as reason,
    cast(null as {{ dbt.type_string() }}) as machine_flag,

    -- Twilio sends no time: what counts is when we received it, else when the file was loaded.
    coalesce(received_at, _loaded_at) as occurred_at,
    'received' as occurred_at_source,
    _batch as batch
from callbacks
