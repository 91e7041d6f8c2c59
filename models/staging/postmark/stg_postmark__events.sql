-- One row per delivered webhook in the canonical vocabulary.
select
    'postmark:' || md5(record_type || '|' || message_id || '|' || coalesce(id, '') || '|'
        || coalesce(recipient, email, '') || '|'
        || coalesce(cast(coalesce(delivered_at, bounced_at, received_at, changed_at) as {{ dbt.type_string() }}), '')
        || '|' || coalesce(original_link, '')) as message_event_id,
    'postmark:' || message_id as message_id,
    case
        when record_type = 'Delivery' then 'delivered'
        when record_type = 'Open' then 'opened'
        when record_type = 'Click' then 'clicked'
        when record_type = 'SpamComplaint' or type in ('SpamComplaint', 'SpamNotification') then 'complained'
        when type = 'Unsubscribe' then 'unsubscribed'
        when type in ('Transient', 'DnsError', 'OpenRelayTest') then 'deferred'
        when type in ('BadEmailAddress', 'Blocked', 'ManuallyDeactivated', 'DMARCPolicy') then 'rejected'
        when record_type = 'Bounce' then 'bounced'
        when record_type = 'SubscriptionChange' and not suppress_sending then 'resubscribed'
        when record_type = 'SubscriptionChange' and suppression_reason = 'ManualSuppression' then 'unsubscribed'
        else 'unknown'
    end as event,
    case type when 'HardBounce' then 'hard' when 'SoftBounce' then 'soft' end as bounce_class,
    {{ normalize_email('coalesce(recipient, email)') }} as recipient,
    original_link as url,
    user_agent,
    tag as campaign,
    coalesce(delivered_at, bounced_at, received_at, changed_at, _loaded_at) as occurred_at,
    _batch as batch
from {{ source('postmark', 'events') }}
