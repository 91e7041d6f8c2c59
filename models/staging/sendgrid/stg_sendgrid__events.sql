-- One row per delivered SendGrid event in the canonical vocabulary; repeats are dropped where messages meet.
with

events as (

    select
        *,
        {{ normalize_email('email') }} as address,
        {{ moment_from_epoch('timestamp') }} as vendor_at
    from {{ source('sendgrid', 'events') }}

)

select
    'sendgrid:' || sg_event_id as message_event_id,
    -- Recipients of one request share its id.
    'sendgrid:' || coalesce(split_part(sg_message_id, '.', 1), smtp_id, sg_event_id) || coalesce(':' || substr(md5(address), 1, 12), '')
        as message_id,
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
    case
        when event <> 'dropped' then null
        when reason = 'Invalid' then 'invalid'
        when reason = 'Bounced Address' then 'suppressed_bounce'
        when reason = 'Unsubscribed Address' then 'suppressed_unsubscribe'
        when reason = 'Spam Reporting Address' then 'suppressed_complaint'
        else 'other'
    end as reject_reason,
    coalesce(status, {{ smtp_code('coalesce(reason, response)') }}) as smtp_code,
    address as recipient,
    campaign,
    variant,
    url,
    useragent as user_agent,
    ip,
    coalesce(reason, response) as reason,
    case when sg_machine_open then 'sg_machine_open' end as machine_flag,

    coalesce(vendor_at, received_at, _loaded_at) as occurred_at,
    case when vendor_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from events
