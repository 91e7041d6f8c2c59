-- One row per delivered Mailjet event in the canonical vocabulary; repeats are dropped where messages meet.
with

events as (

    select
        *,
        {{ normalize_email('email') }} as address,
        {{ json_or_null("case when substr(payload, 1, 1) = '{' then payload end") }} as ours,
        lower(coalesce(hard_bounce, '')) in ('true', '1') as is_hard,
        lower(coalesce(error, '')) as problem,
        {{ moment_from_epoch('time') }} as vendor_at
    from {{ source('mailjet', 'events') }}

)

select
    'mailjet:' || md5(event || '|' || coalesce(mail_id, '') || '|' || coalesce(address, '') || '|'
        || coalesce(cast(time as {{ dbt.type_string() }}), '') || '|' || coalesce(url, '')) as message_event_id,
    case
        when mail_id <> '0' then 'mailjet:' || mail_id
        -- Who leaves without a message still leaves.
        when event in ('unsub', 'spam') then 'mailjet:contact:' || md5(coalesce(address, ''))
    end as message_id,
    coalesce(nullif(custom_id, ''), {{ json_text('ours', 'message_key') }}) as message_key,

    case
        when event = 'sent' then 'delivered'
        when event = 'open' then 'opened'
        when event = 'click' then 'clicked'
        when event = 'bounce' and not is_hard and problem = 'greylisted' then 'deferred'
        when event = 'bounce' then 'bounced'
        when event = 'blocked' then 'rejected'
        when event = 'spam' then 'complained'
        when event = 'unsub' then 'unsubscribed'
        else 'unknown'
    end as event,
    case
        when event = 'bounce' and is_hard then 'hard'
        when event = 'bounce' and problem <> 'greylisted' then 'soft'
    end as bounce_class,
    case
        when event <> 'blocked' then null
        when problem in ('preblocked', 'typofix') then 'invalid'
        when problem = 'duplicate in campaign' then 'duplicate'
        when problem = 'spam reporter' then 'suppressed_complaint'
        else 'other'
    end as reject_reason,
    {{ smtp_code("coalesce(smtp_reply, comment)") }} as smtp_code,
    address as recipient,
    coalesce({{ json_text('ours', 'campaign') }}, nullif(custom_campaign, '')) as campaign,
    {{ json_text('ours', 'variant') }} as variant,
    nullif(url, '') as url,
    agent as user_agent,
    ip,
    coalesce(nullif(error, ''), nullif(comment, '')) as reason,
    cast(null as {{ dbt.type_string() }}) as machine_flag,

    coalesce(vendor_at, received_at, _loaded_at) as occurred_at,
    case when vendor_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from events
