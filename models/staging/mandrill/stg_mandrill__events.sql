-- One row per delivered Mandrill event in the canonical vocabulary; repeats are dropped where messages meet.
with

events as (

    select
        *,
        {{ normalize_email("coalesce(" ~ json_text('msg', 'email') ~ ", " ~ json_text('reject', 'email') ~ ")") }} as address,
        coalesce({{ json_text('reject', 'reason') }}, {{ json_text('msg', 'reject.reason') }}) as refused_for,
        {{ moment_from_epoch('ts') }} as vendor_at
    from {{ source('mandrill', 'events') }}

)

select
    'mandrill:' || md5(coalesce(event, type) || '|' || coalesce(mail_id, address, '') || '|'
        || coalesce(cast(ts as {{ dbt.type_string() }}), '') || '|' || coalesce(url, '')) as message_event_id,
    -- A change of Mandrill's own lists is about no message.
    'mandrill:' || mail_id as message_id,
    {{ json_text('msg', 'metadata.message_key') }} as message_key,

    case event
        when 'send' then 'sent'
        when 'deferral' then 'deferred'
        when 'delivered' then 'delivered'
        when 'hard_bounce' then 'bounced'
        when 'soft_bounce' then 'bounced'
        when 'open' then 'opened'
        when 'click' then 'clicked'
        when 'spam' then 'complained'
        when 'unsub' then 'unsubscribed'
        when 'reject' then 'rejected'
        when 'inbound' then 'inbound'
        else 'unknown'
    end as event,
    case event when 'hard_bounce' then 'hard' when 'soft_bounce' then 'soft' end as bounce_class,
    case
        when coalesce(event, '') <> 'reject' then null
        when refused_for in ('hard-bounce', 'soft-bounce') then 'suppressed_bounce'
        when refused_for = 'spam' then 'suppressed_complaint'
        when refused_for = 'unsub' then 'suppressed_unsubscribe'
        when refused_for = 'invalid' then 'invalid'
        when refused_for in ('rule', 'custom') then 'blocked'
        else 'other'
    end as reject_reason,
    {{ smtp_code(json_text('msg', 'diag')) }} as smtp_code,
    case when coalesce(event, '') <> 'inbound' then address end as recipient,
    coalesce({{ json_text('msg', 'metadata.campaign') }}, {{ json_text('msg', 'tags[0]') }}) as campaign,
    {{ json_text('msg', 'metadata.variant') }} as variant,
    url,
    user_agent,
    ip,
    coalesce({{ json_text('msg', 'diag') }}, {{ json_text('msg', 'bounce_description') }}, refused_for) as reason,
    cast(null as {{ dbt.type_string() }}) as machine_flag,

    coalesce(vendor_at, received_at, _loaded_at) as occurred_at,
    case when vendor_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from events
