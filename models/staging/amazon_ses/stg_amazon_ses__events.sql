-- One row per delivered notification and recipient in the canonical vocabulary; repeats are dropped where messages meet.
select
    'ses:' || md5(coalesce(sns_message_id, coalesce(mail_id, '') || '|' || coalesce(kind, '') || '|'
        || coalesce(cast(event_at as {{ dbt.type_string() }}), '') || '|' || coalesce({{ json_text('click', 'link') }}, '') || '|'
        || coalesce({{ json_text('bounce', 'feedbackId') }}, {{ json_text('complaint', 'feedbackId') }}, ''))
        || '|' || coalesce(address, item, '')) as message_event_id,
    -- To several recipients means several messages.
    'ses:' || mail_id || case when has_several and not is_anybody then coalesce(':' || md5(address), '') else '' end as message_id,
    {{ json_text('mail', 'tags.message_key[0]') }} as message_key,

    case
        when kind = 'Send' then 'sent'
        when kind = 'Delivery' then 'delivered'
        when kind = 'Bounce' then 'bounced'
        when kind = 'Complaint' and {{ json_text('complaint', 'complaintFeedbackType') }} = 'not-spam' then 'unknown'
        when kind = 'Complaint' then 'complained'
        when kind = 'Reject' then 'rejected'
        when kind = 'Open' then 'opened'
        when kind = 'Click' then 'clicked'
        when kind = 'Rendering Failure' then 'failed'
        when kind = 'DeliveryDelay' then 'deferred'
        -- Whoever leaves one topic gets no marketing at all: the stricter reading.
        when kind = 'Subscription' and ({{ json_text('subscription', 'newTopicPreferences.unsubscribeAll') }} = 'true'
            or {{ json_text('subscription', 'newTopicPreferences') }} like '%OptOut%') then 'unsubscribed'
        when kind = 'Subscription' then 'resubscribed'
        when kind = 'Received' then 'inbound'
        else 'unknown'
    end as event,
    case when kind = 'Bounce' then case {{ json_text('bounce', 'bounceType') }}
        when 'Permanent' then 'hard'
        when 'Transient' then 'soft'
        else 'unknown'
    end end as bounce_class,
    case when kind = 'Reject' then 'other' end as reject_reason,
    coalesce({{ json_text('detail', 'status') }}, {{ smtp_code('coalesce(' ~ json_text('detail', 'diagnosticCode') ~ ', '
        ~ json_text('delivery', 'smtpResponse') ~ ')') }}) as smtp_code,
    address as recipient,
    {{ json_text('mail', 'tags.campaign[0]') }} as campaign,
    {{ json_text('mail', 'tags.variant[0]') }} as variant,
    {{ json_text('click', 'link') }} as url,
    coalesce({{ json_text('open', 'userAgent') }}, {{ json_text('click', 'userAgent') }}) as user_agent,
    coalesce({{ json_text('open', 'ipAddress') }}, {{ json_text('click', 'ipAddress') }}) as ip,
    coalesce({{ json_text('detail', 'diagnosticCode') }}, {{ json_text('complaint', 'complaintFeedbackType') }},
        {{ json_text('reject', 'reason') }}, {{ json_text('failure', 'errorMessage') }},
        {{ json_text('delivery_delay', 'delayType') }},
        case when kind = 'Subscription' then 'by_recipient' end) as reason,
    cast(null as {{ dbt.type_string() }}) as machine_flag,

    coalesce(vendor_at, received_at, _loaded_at) as occurred_at,
    case when vendor_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from {{ ref('stg_amazon_ses__recipients') }}
