-- One row per event of Iterable with its channel, and what it is as message event or statement of consent.
{{ config(materialized='ephemeral') }}

with

events as (

    select
        events.*,
        extensions.url,
        coalesce(extensions.reason, events.reason) as why,
        extensions.to_phone,
        extensions.from_phone,
        extensions.word,
        coalesce(extensions.proxy, events.proxy) as proxy_of,
        events.is_bot or coalesce(extensions.is_bot, false) as is_by_bot,
        coalesce(campaigns.name, events.campaign_id) as campaign,
        {{ replace_pattern('lower(events.event_name)', '[^a-z]', '') }} as kind
    from {{ ref('stg_fivetran_iterable__events') }} as events
    left join {{ ref('stg_fivetran_iterable__event_extensions') }} as extensions on events.event_id = extensions.event_id
    left join {{ ref('stg_fivetran_iterable__campaigns') }} as campaigns on events.campaign_id = campaigns.campaign_id

)

select
    *,
    case
        when {{ matches_pattern('kind', '^(sms|mms)') }} then 'sms'
        when {{ matches_pattern('kind', '^(web)?push') }} then 'push'
        when {{ matches_pattern('kind', '^inapp') }} then 'in_app'
        else 'email'
    end as channel,
    case
        when kind in ('smsreceived', 'mmsreceived') then {{ inbound_event('word') }}
        when {{ matches_pattern('kind', '^(email|sms|mms|webpush|push|inapp)send$') }} then 'sent'
        when {{ matches_pattern('kind', '^(email|sms|mms|webpush|push|inapp)deliver(ed|y)$') }} then 'delivered'
        when {{ matches_pattern('kind', '^(email|sms|mms|webpush|push|inapp)open$') }} then 'opened'
        when {{ matches_pattern('kind', '^((email|sms|mms|webpush|push|inapp)(link)?|hostedunsubscribe)click$') }} then 'clicked'
        when {{ matches_pattern('kind', '^(email|webpush|push)bounce$') }} then 'bounced'
        when {{ matches_pattern('kind', '^(sms|mms)bounce$') }} then 'failed'
        when {{ matches_pattern('kind', '^(email|sms|mms|webpush|push|inapp)sendskip$') }} then 'rejected'
        when {{ matches_pattern('kind', '^(email|sms)complaint$') }} then 'complained'
        when {{ matches_pattern('kind', '^(email|sms|mms|push)unsubscribe$') }} then 'unsubscribed'
    end as message_event,
    {{ matches_pattern('kind', '^(email|sms)subscribe$') }} as is_opt_in
from events
