-- One row per delivered SparkPost event in the canonical vocabulary; repeats are dropped where messages meet.
with

events as (

    select
        *,
        {{ normalize_email('coalesce(raw_rcpt_to, rcpt_to)') }} as address,
        -- Seconds since 1970 as text, or ISO 8601.
        coalesce(
            {{ moment_from_epoch("cast(case when " ~ matches_pattern('timestamp', '^[0-9]{1,15}([.][0-9]{1,9})?$') ~ " then timestamp end as double)") }},
            {{ utc_or_null('timestamp') }}
        ) as vendor_at
    from {{ source('sparkpost', 'events') }}
    where type is not null

)

select
    'sparkpost:' || coalesce(event_id, md5(type || '|' || coalesce(message_id, transmission_id, '') || '|' || coalesce(address, '')
        || '|' || coalesce(timestamp, '') || '|' || coalesce(target_link_url, ''))) as message_event_id,
    -- Recipients of one transmission share its id.
    'sparkpost:' || coalesce(message_id, transmission_id || coalesce(':' || md5(address), '')) as message_id,
    {{ json_text('rcpt_meta', 'message_key') }} as message_key,

    case
        when type = 'injection' then 'queued'
        when type = 'delivery' then 'delivered'
        when type = 'delay' then 'deferred'
        when type in ('bounce', 'out_of_band') and bounce_class = '90' then 'unsubscribed'
        when type in ('bounce', 'out_of_band') and bounce_class = '80' then 'resubscribed'
        when type in ('bounce', 'out_of_band') and bounce_class in ('60', '100') then 'auto_replied'
        when type in ('bounce', 'out_of_band') then 'bounced'
        when type in ('policy_rejection', 'generation_rejection') then 'rejected'
        when type = 'generation_failure' then 'failed'
        -- initial_open and amp_initial_open repeat the opening that open and amp_open tell.
        when type in ('open', 'amp_open') then 'opened'
        when type in ('click', 'amp_click') then 'clicked'
        when type = 'spam_complaint' then 'complained'
        when type in ('list_unsubscribe', 'link_unsubscribe') then 'unsubscribed'
        when type = 'relay_message' then 'inbound'
        else 'unknown'
    end as event,
    case
        when type not in ('bounce', 'out_of_band') or bounce_class in ('60', '80', '90', '100') then null
        when bounce_class in ('10', '30') then 'hard'
        when bounce_class in ('20', '21', '22', '23', '24', '40', '70') then 'soft'
        when bounce_class in ('25', '50', '51', '52', '53', '54') then 'block'
        else 'unknown'
    end as bounce_class,
    case type when 'policy_rejection' then 'blocked' when 'generation_rejection' then 'other' end as reject_reason,
    coalesce({{ smtp_code('coalesce(raw_reason, reason)') }}, error_code) as smtp_code,
    case when type <> 'relay_message' then address end as recipient,
    coalesce({{ json_text('rcpt_meta', 'campaign') }}, nullif(campaign_id, '')) as campaign,
    {{ json_text('rcpt_meta', 'variant') }} as variant,
    target_link_url as url,
    user_agent,
    ip_address as ip,
    coalesce(raw_reason, reason) as reason,
    case
        when {{ json_text('user_agent_parsed', 'is_prefetched') }} = 'true' then 'is_prefetched'
        when {{ json_text('user_agent_parsed', 'is_proxy') }} = 'true' then 'is_proxy'
    end as machine_flag,

    coalesce(vendor_at, received_at, _loaded_at) as occurred_at,
    case when vendor_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from events
