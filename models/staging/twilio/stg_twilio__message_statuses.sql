-- One row per delivered status callback in the canonical vocabulary; repeats are dropped where messages meet.
select
    'twilio:' || message_sid || ':' || message_status as message_event_id,
    'twilio:' || message_sid as message_id,
    message_key,

    case message_status
        when 'accepted' then 'queued'
        when 'scheduled' then 'queued'
        when 'queued' then 'queued'
        when 'sending' then 'sent'
        when 'sent' then 'sent'
        when 'delivered' then 'delivered'
        when 'undelivered' then 'failed'
        when 'failed' then 'failed'
        when 'read' then 'read'
        when 'canceled' then 'canceled'
        when 'received' then 'inbound'
        when 'receiving' then 'inbound'
        else 'unknown'
    end as event,
    case
        when error_code = '21610' then 'suppressed_unsubscribe'
        when opt_out_type = 'STOP' then 'stop'
        else nullif(error_code, '')
    end as reason,
    {{ normalize_phone("replace(replace(to_address, 'whatsapp:', ''), 'sms:', '')") }} as recipient,

    -- Twilio sends no time: what counts is when we received it, else when the file was loaded.
    coalesce(received_at, _loaded_at) as occurred_at,
    _batch as batch
from {{ source('twilio', 'message_status') }}
