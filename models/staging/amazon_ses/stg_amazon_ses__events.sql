-- One row per delivered notification, for its first recipient, in the canonical vocabulary.
select
    'ses:' || md5(cast(mail as {{ dbt.type_string() }}) || coalesce(event_type, notification_type, '')
        || coalesce(cast(bounce as {{ dbt.type_string() }}), '') || coalesce(cast(open as {{ dbt.type_string() }}), '')
        || coalesce(cast(click as {{ dbt.type_string() }}), '')) as message_event_id,
    'ses:' || {{ json_text('mail', 'messageId') }} as message_id,
    case coalesce(event_type, notification_type)
        when 'Send' then 'sent'
        when 'Delivery' then 'delivered'
        when 'Bounce' then 'bounced'
        when 'Complaint' then 'complained'
        when 'Reject' then 'rejected'
        when 'Open' then 'opened'
        when 'Click' then 'clicked'
        when 'Rendering Failure' then 'failed'
        when 'DeliveryDelay' then 'deferred'
        else 'unknown'
    end as event,
    case {{ json_text('bounce', 'bounceType') }}
        when 'Permanent' then 'hard'
        when 'Transient' then 'soft'
        when 'Undetermined' then 'unknown'
    end as bounce_class,
    {{ normalize_email(json_text('mail', 'destination[0]')) }} as recipient,
    {{ json_text('click', 'link') }} as url,
    coalesce({{ json_text('open', 'userAgent') }}, {{ json_text('click', 'userAgent') }}) as user_agent,
    coalesce(
        {{ utc_from_text('coalesce('
            ~ json_text('bounce', 'timestamp') ~ ', '
            ~ json_text('complaint', 'timestamp') ~ ', '
            ~ json_text('delivery', 'timestamp') ~ ', '
            ~ json_text('open', 'timestamp') ~ ', '
            ~ json_text('click', 'timestamp') ~ ', '
            ~ json_text('mail', 'timestamp') ~ ')') }},
        _loaded_at
    ) as occurred_at,
    _batch as batch
from {{ source('amazon_ses', 'events') }}
