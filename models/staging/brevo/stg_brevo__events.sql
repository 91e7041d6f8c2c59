-- One row per delivered Brevo event in the canonical vocabulary; repeats are dropped where messages meet.
with

events as (

    select
        *,
        {{ normalize_email('email') }} as address,
        {{ json_or_null("case when substr(custom, 1, 1) = '{' then custom end") }} as ours,
        -- Every other time that Brevo sends is in the account's zone.
        {{ moment_from_epoch('coalesce(ts_epoch, s_epoch)') }} as vendor_at
    from {{ source('brevo', 'events') }}

)

select
    -- The first of several opens comes under two names.
    'brevo:' || md5(replace(event, 'unique_', '') || '|' || coalesce(mail_id, camp_id, '') || '|' || coalesce(address, '') || '|'
        || coalesce(cast(coalesce(ts_epoch, s_epoch) as {{ dbt.type_string() }}), '') || '|' || coalesce(link, ''))
        as message_event_id,
    -- Recipients of one message share its id; who leaves without a message still leaves.
    case
        when mail_id is not null then 'brevo:' || mail_id || coalesce(':' || md5(address), '')
        when camp_id is not null then 'brevo:campaign:' || camp_id || coalesce(':' || md5(address), '')
        when event in ('unsubscribe', 'unsubscribed', 'spam', 'complaint') then 'brevo:contact:' || md5(coalesce(address, ''))
    end as message_id,
    coalesce({{ json_text('ours', 'message_key') }}, case when substr(custom, 1, 1) <> '{' then nullif(custom, '') end) as message_key,

    case
        when event = 'request' then 'queued'
        when event in ('delivered', 'deferred') then event
        when event in ('hard_bounce', 'soft_bounce', 'invalid_email') then 'bounced'
        when event = 'blocked' then 'rejected'
        when event = 'error' then 'failed'
        when event in ('opened', 'unique_opened', 'proxy_open', 'unique_proxy_open') then 'opened'
        when event = 'click' then 'clicked'
        when event in ('unsubscribe', 'unsubscribed') then 'unsubscribed'
        when event in ('spam', 'complaint') then 'complained'
        when event = 'list_addition' then 'resubscribed'
        else 'unknown'
    end as event,
    case when event in ('hard_bounce', 'invalid_email') then 'hard' when event = 'soft_bounce' then 'soft' end as bounce_class,
    case when event = 'blocked' then 'blocked' end as reject_reason,
    {{ smtp_code('reason') }} as smtp_code,
    address as recipient,
    coalesce({{ json_text('ours', 'campaign') }}, campaign_name,
        {{ json_text(json_or_null('tags'), '[0]') }}, {{ json_text(json_or_null('tag'), '[0]') }},
        case when tag not like '[%' then nullif(tag, '') end) as campaign,
    {{ json_text('ours', 'variant') }} as variant,
    link as url,
    user_agent,
    ip,
    case when event = 'list_addition' then 'by_sender' else reason end as reason,
    case when event in ('proxy_open', 'unique_proxy_open') then event end as machine_flag,

    coalesce(vendor_at, received_at, _loaded_at) as occurred_at,
    case when vendor_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from events
