-- One row per delivered SendGrid event in the canonical vocabulary; repeats are dropped where messages meet.
select
    'sendgrid:' || sg_event_id as message_event_id,
    'sendgrid:' || coalesce(split_part(sg_message_id, '.', 1), smtp_id, sg_event_id) as message_id,
    message_key,

    case event
        when 'processed' then 'queued'
        when 'dropped' then 'rejected'
        when 'bounce' then 'bounced'
        when 'open' then 'opened'
        when 'click' then 'clicked'
        when 'spamreport' then 'complained'
        when 'unsubscribe' then 'unsubscribed'
        when 'group_unsubscribe' then 'unsubscribed'
        when 'group_resubscribe' then 'resubscribed'
        when 'deferred' then 'deferred'
        when 'delivered' then 'delivered'
        else 'unknown'
    end as event,
    case
        when event = 'bounce' and type = 'blocked' then 'block'
        when event = 'bounce' then 'hard'
    end as bounce_class,
    {{ normalize_email('email') }} as recipient,
    url,
    useragent as user_agent,
    campaign,
    variant,
    reason,

    coalesce(sg_machine_open, false) as is_machine_by_vendor,

    {{ from_epoch_seconds('timestamp') }} as occurred_at,
    _batch as batch
from {{ source('sendgrid', 'events') }}
