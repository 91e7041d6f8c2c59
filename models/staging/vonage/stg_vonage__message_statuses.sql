-- One row per delivered receipt, or message to us, in the canonical vocabulary; repeats are dropped where messages meet.
with

callbacks as (

    select
        *,
        coalesce(status, 'received') = 'received' as is_inbound,
        -- Vonage answers no STOP for us: the word counts as it stands.
        upper(trim(coalesce(body, ''))) as word
    from {{ source('vonage', 'message_status') }}

)

select
    'vonage:' || message_id || ':' || coalesce(status, 'received') as message_event_id,
    'vonage:' || message_id as message_id,
    nullif(message_key, '') as message_key,

    {{ vonage_event() }} as event,
    -- The number is no longer in use, or its network bars it for good.
    case when {{ vonage_is_gone() }} then 'hard' end as bounce_class,
    case
        when is_inbound then null
        when error_code = '9' then 'suppressed_unsubscribe'
        when status = 'rejected' and {{ vonage_is_gone() }} then null
        when status = 'rejected' and error_code in ('6', '13', '14') then 'blocked'
        when status = 'rejected' then 'other'
    end as reject_reason,
    cast(null as {{ dbt.type_string() }}) as smtp_code,
    {{ normalize_phone("'+' || replace(msisdn, '+', '')") }} as recipient,
    split_part(message_key, ':', 1) as campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    cast(null as {{ dbt.type_string() }}) as url,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as ip,
    case
        when not is_inbound then nullif(nullif(error_code, ''), '0')
        when word in ('START', 'UNSTOP') then 'by_recipient'
        when word in ('HELP', 'INFO') then 'help'
    end as reason,
    cast(null as {{ dbt.type_string() }}) as machine_flag,

    coalesce(message_timestamp, received_at, _loaded_at) as occurred_at,
    case when message_timestamp is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from callbacks
