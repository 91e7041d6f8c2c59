-- One row per delivered Resend event in the canonical vocabulary; repeats are dropped where messages meet.
with

events as (

    select
        *,
        {{ json_text('data', 'email_id') }} as mail_id,
        -- Resend does not say which of several recipients it means; an address may come with a name.
        {{ normalize_email(replace_pattern('coalesce(' ~ json_text('data', 'to[0]') ~ ', ' ~ json_text('data', 'email') ~ ')', '^.*<|>.*$', '')) }}
            as address,
        -- A contact of a broadcast list who left it; that one is on it again is said by its owner.
        type like 'contact.%' and {{ json_text('data', 'unsubscribed') }} = 'true' as has_left,
        {{ json_text('data', 'bounce.message') }} as bounce_text,
        {{ json_text('data', 'bounce.type') }} as bounce_type
    from {{ source('resend', 'events') }}

)

select
    'resend:' || coalesce(svix_id, md5(type || '|' || coalesce(mail_id, '') || '|'
        || coalesce(cast(created_at as {{ dbt.type_string() }}), '') || '|' || coalesce({{ json_text('data', 'click.link') }}, '')))
        as message_event_id,
    -- Who leaves without a message still leaves.
    case
        when mail_id is not null then 'resend:' || mail_id
        when has_left then 'resend:contact:' || md5(address)
    end as message_id,
    {{ json_text('data', 'tags.message_key') }} as message_key,

    case
        when has_left then 'unsubscribed'
        when type = 'email.scheduled' then 'queued'
        when type = 'email.sent' then 'sent'
        when type = 'email.delivered' then 'delivered'
        when type = 'email.delivery_delayed' then 'deferred'
        when type = 'email.complained' then 'complained'
        when type = 'email.bounced' and bounce_text like '%suppressed sending%' then 'rejected'
        when type = 'email.bounced' then 'bounced'
        when type = 'email.suppressed' then 'rejected'
        when type = 'email.opened' then 'opened'
        when type = 'email.clicked' then 'clicked'
        when type = 'email.failed' then 'failed'
        when type = 'email.received' then 'inbound'
        else 'unknown'
    end as event,
    case
        when type <> 'email.bounced' or bounce_text like '%suppressed sending%' then null
        when bounce_type = 'Transient' then 'soft'
        when bounce_type = 'Undetermined' then 'unknown'
        else 'hard'
    end as bounce_class,
    case
        when type = 'email.bounced' and bounce_text like '%suppressed sending%' then 'suppressed_bounce'
        when type = 'email.suppressed' then 'other'
    end as reject_reason,
    {{ smtp_code('bounce_text') }} as smtp_code,
    case when type <> 'email.received' then address end as recipient,
    {{ json_text('data', 'tags.campaign') }} as campaign,
    {{ json_text('data', 'tags.variant') }} as variant,
    {{ json_text('data', 'click.link') }} as url,
    coalesce({{ json_text('data', 'click.userAgent') }}, {{ json_text('data', 'open.userAgent') }}) as user_agent,
    coalesce({{ json_text('data', 'click.ipAddress') }}, {{ json_text('data', 'open.ipAddress') }}) as ip,
    coalesce(bounce_text, {{ json_text('data', 'failed.reason') }}) as reason,
    cast(null as {{ dbt.type_string() }}) as machine_flag,

    coalesce(created_at, received_at, _loaded_at) as occurred_at,
    case when created_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from events
