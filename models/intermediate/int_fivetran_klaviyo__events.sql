-- One row per event of Klaviyo with its channel, and what it is as message event, statement of consent or shop event.
{{ config(materialized='ephemeral') }}
{% set media = '(email|sms|mms|push|mobilepush|pushnotification)' %}

with

events as (

    select
        events.*,
        coalesce(events.metric, metrics.name, 'unknown') as metric_name,
        -- Accounts spell metrics in several ways: only their letters count.
        {{ replace_pattern("lower(coalesce(events.metric, metrics.name, 'unknown'))", '[^a-z]', '') }} as kind,
        coalesce(campaigns.name, flows.name, events.campaign_name, events.campaign_id, events.flow_id) as campaign,
        coalesce(events.flow_message_id, events.campaign_id, events.flow_id) as message_ref
    from {{ ref('stg_fivetran_klaviyo__events') }} as events
    left join {{ ref('stg_fivetran_klaviyo__metrics') }} as metrics on events.metric_id = metrics.metric_id
    left join {{ ref('stg_fivetran_klaviyo__campaigns') }} as campaigns on events.campaign_id = campaigns.campaign_id
    left join {{ ref('stg_fivetran_klaviyo__flows') }} as flows on events.flow_id = flows.flow_id

)

select
    *,
    case
        when {{ matches_pattern('kind', 'sms|mms') }} then 'sms'
        when {{ matches_pattern('kind', 'push') }} then 'push'
        else 'email'
    end as channel,
    case
        when {{ matches_pattern('kind', '^received(automatedresponse)?' ~ media ~ '$') }} then 'delivered'
        when {{ matches_pattern('kind', '^opened' ~ media ~ '$') }} then 'opened'
        when {{ matches_pattern('kind', '^clicked' ~ media ~ '$') }} then 'clicked'
        when {{ matches_pattern('kind', '^bounced' ~ media ~ '$') }} then 'bounced'
        when {{ matches_pattern('kind', '^(dropped|skipped)' ~ media ~ '$') }} then 'rejected'
        when {{ matches_pattern('kind', '^failedtodeliver(automatedresponse)?' ~ media ~ '$') }} then 'failed'
        when {{ matches_pattern('kind', '^marked(email)?asspam$') }} then 'complained'
        -- Of a text from the person its word counts.
        when kind in ('sentsms', 'sentmms') then {{ inbound_event('word') }}
        when {{ matches_pattern('kind', '^unsubscribed') }} and kind not like '%backinstock%' then 'unsubscribed'
    end as message_event,
    {{ matches_pattern('kind', '^(subscribed(to)?|consentedto(receive)?)(list|email|sms|emailmarketing|smsmarketing)?$') }} as is_opt_in,
    case kind
        when 'placedorder' then 'Order Completed'
        when 'refundedorder' then 'Order Refunded'
        when 'cancelledorder' then 'Order Cancelled'
        when 'canceledorder' then 'Order Cancelled'
        when 'viewedproduct' then 'Product Viewed'
        when 'addedtocart' then 'Product Added'
        when 'startedcheckout' then 'Checkout Started'
        when 'checkoutstarted' then 'Checkout Started'
        else metric_name
    end as event_name
from events
