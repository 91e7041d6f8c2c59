-- One row per delivered webhook in the canonical vocabulary; repeats are dropped where messages meet.
with

events as (

    select
        *,
        {{ normalize_email('coalesce(recipient, email)') }} as address,
        coalesce(delivered_at, bounced_at, received_at, changed_at) as vendor_at
    from {{ source('postmark', 'events') }}

)

select
    'postmark:' || md5(coalesce(record_type, 'Inbound') || '|' || coalesce(id, message_id, '') || '|'
        || coalesce(recipient, email, '') || '|' || coalesce(cast(vendor_at as {{ dbt.type_string() }}), '')
        || '|' || coalesce(original_link, '')) as message_event_id,
    'postmark:' || message_id as message_id,
    {{ json_text('metadata', 'message_key') }} as message_key,

    case
        when record_type is null then 'inbound'
        when record_type = 'Delivery' then 'delivered'
        when record_type = 'Open' then 'opened'
        when record_type = 'Click' then 'clicked'
        when record_type = 'SpamComplaint' or type in ('SpamComplaint', 'SpamNotification') then 'complained'
        when record_type = 'SubscriptionChange' and not suppress_sending then 'resubscribed'
        -- A bounce or a complaint tells the same as a webhook of its own: not counted twice.
        when record_type = 'SubscriptionChange' and suppression_reason = 'ManualSuppression' then 'unsubscribed'
        when type = 'Unsubscribe' then 'unsubscribed'
        when type = 'Subscribe' then 'resubscribed'
        when type in ('Transient', 'DnsError', 'OpenRelayTest') then 'deferred'
        when type in ('AutoResponder', 'AddressChange', 'ChallengeVerification') then 'auto_replied'
        when type in ('BadEmailAddress', 'Blocked', 'ManuallyDeactivated', 'DMARCPolicy') then 'rejected'
        when type in ('SMTPApiError', 'TemplateRenderingFailed') then 'failed'
        when record_type = 'Bounce' then 'bounced'
        else 'unknown'
    end as event,
    case
        when type = 'HardBounce' then 'hard'
        when type = 'SoftBounce' then 'soft'
        when record_type = 'Bounce' and coalesce(type, 'Unknown') in ('Unknown', 'VirusNotification') then 'unknown'
    end as bounce_class,
    case
        when type = 'BadEmailAddress' then 'invalid'
        when type in ('Blocked', 'ManuallyDeactivated', 'DMARCPolicy') then 'blocked'
    end as reject_reason,
    {{ smtp_code('details') }} as smtp_code,
    case when record_type is not null then address end as recipient,
    coalesce({{ json_text('metadata', 'campaign') }}, nullif(tag, '')) as campaign,
    {{ json_text('metadata', 'variant') }} as variant,
    original_link as url,
    user_agent,
    coalesce(ip, {{ json_text('geo', 'IP') }}) as ip,
    case
        when record_type = 'SubscriptionChange' and not suppress_sending and coalesce(origin, '') <> 'Recipient' then 'by_sender'
        else coalesce(suppression_reason, type, details)
    end as reason,
    cast(null as {{ dbt.type_string() }}) as machine_flag,

    coalesce(vendor_at, collected_at, _loaded_at) as occurred_at,
    case when vendor_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from events
