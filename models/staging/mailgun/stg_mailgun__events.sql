-- One row per delivered Mailgun event in the canonical vocabulary; repeats are dropped where messages meet.
with

events as (

    select
        *,
        coalesce(
            {{ json_text('message', 'headers.message-id') }},
            replace(replace(coalesce(message_id_header, {{ json_text('_extra', 'message-id') }}), '<', ''), '>', ''),
            -- Legacy bounces and complaints name their message among its headers only.
            nullif({{ extract_pattern('message_headers', '"[Mm]essage-[Ii][Dd]", *"<?([^<>"]+)', 1) }}, '')
        ) as mail_id,
        coalesce({{ json_text('delivery_status', 'code') }}, code) as delivery_code,
        {{ normalize_email('recipient') }} as address,
        {{ moment_from_epoch('timestamp') }} as vendor_at
    from {{ source('mailgun', 'events') }}

)

select
    -- Mailgun's id is unique within a day; old posts have none.
    'mailgun:' || case
        when id is not null then id || ':' || coalesce(cast(cast(vendor_at as date) as {{ dbt.type_string() }}), '')
        else md5(event || '|' || coalesce(mail_id, '') || '|' || coalesce(address, '') || '|'
            -- As whole milliseconds: engines write doubles differently.
            || coalesce(cast({{ number_or_null('round(1000 * timestamp)', 'bigint') }} as {{ dbt.type_string() }}), '') || '|' || coalesce(url, ''))
    end as message_event_id,
    -- Recipients of one message share its id; who leaves without a message still leaves.
    case
        when mail_id is not null then 'mailgun:' || mail_id || coalesce(':' || md5(address), '')
        when event in ('unsubscribed', 'complained', 'bounced') then 'mailgun:contact:' || md5(address)
    end as message_id,
    coalesce({{ json_text('user_variables', 'message_key') }}, message_key) as message_key,

    case
        when event = 'accepted' then 'queued'
        when event in ('rejected', 'dropped') then 'rejected'
        when event = 'failed' and reason like 'suppress-%' then 'rejected'
        when event = 'failed' and severity = 'permanent' then 'bounced'
        when event = 'failed' and severity = 'temporary' then 'deferred'
        when event = 'stored' then 'inbound'
        when event in ('delivered', 'failed', 'bounced', 'opened', 'clicked', 'unsubscribed', 'complained') then event
        else 'unknown'
    end as event,
    case when event = 'bounced' or (event = 'failed' and severity = 'permanent' and coalesce(reason, '') not like 'suppress-%')
        then 'hard'
    end as bounce_class,
    case
        when event not in ('rejected', 'dropped') and coalesce(reason, '') not like 'suppress-%' then null
        when reason = 'suppress-bounce' or delivery_code = '605' then 'suppressed_bounce'
        when reason = 'suppress-unsubscribe' or delivery_code = '606' then 'suppressed_unsubscribe'
        when reason = 'suppress-complaint' or delivery_code = '607' then 'suppressed_complaint'
        else 'other'
    end as reject_reason,
    delivery_code as smtp_code,
    case when event <> 'stored' then address end as recipient,
    coalesce({{ json_text('user_variables', 'campaign') }}, campaign, {{ json_text('tags', '[0]') }}) as campaign,
    coalesce({{ json_text('user_variables', 'variant') }}, variant) as variant,
    url,
    coalesce({{ json_text('client_info', 'user-agent') }}, user_agent) as user_agent,
    ip,
    coalesce({{ json_text('delivery_status', 'description') }}, {{ json_text('delivery_status', 'message') }},
        {{ json_text('reject', 'reason') }}, error, reason) as reason,
    'bot=' || nullif({{ json_text('client_info', 'bot') }}, '') as machine_flag,

    coalesce(vendor_at, received_at, _loaded_at) as occurred_at,
    case when vendor_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from events
