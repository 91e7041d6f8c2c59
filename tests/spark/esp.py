"""Rows of Mailchimp, Klaviyo and Iterable as Fivetran lands them, for both engines; `i`, `t` and `who` as in others.py."""

from __future__ import annotations

TABLES = {
    "raw_fivetran_mailchimp.member": """
        'm' || i % 60 as id, 'l' || i % 2 as list_id, case when i % 20 > 0 then 'M' || i % 60 || '@Reader.example ' end as email_address,
        ['subscribed', 'unsubscribed', 'cleaned', 'pending', 'Archived'][1 + i // 60 % 5] as status, i % 31 = 30 as _fivetran_deleted,
        case when i % 3 = 0 then t end as timestamp_opt, t as last_changed, t as _fivetran_synced""",
    "raw_fivetran_mailchimp.campaign": """
        'c' || i % 7 as id, 'l' || i % 2 as list_id, 'Été ' || i % 7 as title, t - interval 50 day as send_time, t as _fivetran_synced""",
    "raw_fivetran_mailchimp.campaign_recipient": """
        'c' || i % 9 as campaign_id, 'l' || i % 2 as list_id, 'm' || i % 60 as member_id, t as _fivetran_synced""",
    "raw_fivetran_mailchimp.campaign_recipient_activity": """
        'c' || i % 9 as campaign_id, case when i % 8 > 0 then 'l' || i % 2 end as list_id, 'm' || i % 60 as member_id,
        ['open', 'click', 'bounce', 'Open'][1 + i % 4] as action, case when i % 8 = 2 then 'hard' when i % 4 = 2 then 'soft' end as bounce_type,
        case when i % 4 = 1 then 'https://shop.example/?q=' || i % 5 end as url, t as timestamp, t as _fivetran_synced""",
    "raw_fivetran_mailchimp.unsubscribe": """
        'c' || i % 9 as campaign_id, 'l' || i % 2 as list_id, 'm' || i % 60 as member_id, case when i % 5 > 0 then t end as timestamp,
        case when i % 7 = 0 then 'SPAM: "never asked"' end as reason, t as _fivetran_synced""",
    "raw_fivetran_mailchimp.segment": "'s' || i % 3 as id, 'l' || i % 2 as list_id, ' VIP ' || i % 3 as name, t as _fivetran_synced",
    "raw_fivetran_mailchimp.segment_member": """
        's' || i % 4 as segment_id, 'm' || i % 60 as member_id, 'l' || i % 2 as list_id, i % 9 = 0 as _fivetran_deleted, t as _fivetran_synced""",
    "raw_fivetran_klaviyo.person": """
        'p' || i % 50 as id, case when i % 6 > 0 then 'P' || i % 50 || '@Buyer.example' end as email, '+1555000' || lpad((i % 50)::varchar, 4, '0') as phone_number,
        ['["email","sms"]', 'false', 'NONE', null][1 + i % 4] as custom_consent, ['Klaviyo Form', 'API', null][1 + i % 3] as custom_consent_method,
        ['2026-01-01T00:00:00Z', 'soon', null][1 + i % 3] as custom_consent_timestamp, ['true', 'false', null][1 + i % 3] as custom_accepts_marketing,
        ['SUBSCRIBED', 'UNSUBSCRIBED', 'NEVER_SUBSCRIBED'][1 + i // 50 % 3] as subscriptions_email_marketing_consent,
        case when i % 5 = 0 then '[{"reason": "USER_SUPPRESSED", "timestamp": "2026-02-01T00:00:00+00:00"}]' when i % 5 = 1 then 'no json' end
            as subscriptions_email_marketing_suppression, t as updated, t as _fivetran_synced""",
    "raw_fivetran_klaviyo.metric": "'k' || i % 3 as id, ['Opened Email', 'Clicked SMS', 'Subscribed to List'][1 + i % 3] as name, t as _fivetran_synced",
    "raw_fivetran_klaviyo.event": """
        'e' || i as id, ['Received Email', 'Opened Email', 'Clicked Email', 'Bounced Email', 'Marked Email as Spam', 'Unsubscribed',
            'Placed Order', 'Refunded Order', 'Viewed Product', 'Active on Site', 'Sent SMS', null][1 + i % 12] as type,
        'k' || i % 3 as metric_id, 'p' || i % 55 as person_id, t as datetime, case when i % 2 = 0 then 'C' || i % 4 end as campaign_id,
        case when i % 2 = 1 then 'F' end as flow_id, case when i % 4 = 1 then 'FM' end as flow_message_id, ['$1,258.54', '12', 'x', null][1 + i % 4] as property_value,
        'O' || i // 12 as property_event_id, ['usd', 'EUR', 'points'][1 + i % 3] as property_currency_code, ['True', 'false', null][1 + i % 3] as property_machine_open,
        ['Hard', 'Soft'][1 + i % 2] as property_bounce_type, 'Stop ' as property_message_body, '+1 555 000 0001' as property_from_number,
        i % 37 = 0 as _fivetran_deleted, t as _fivetran_synced""",
    "raw_fivetran_klaviyo.list_person": "'L' || i % 3 as list_id, 'p' || i % 50 as person_id, case when i % 2 = 0 then t end as joined_at, t as _fivetran_synced",
    "raw_fivetran_iterable.user_history": """
        case when i % 2 = 0 then 'u' || i % 40 end as _fivetran_id, 'U' || i % 40 || '-' || i % 3 || '@app.example' as email, '+4930000' || i % 40 as phone_number,
        ['[7, 8]', '["9"]', '[]', 'none'][1 + i % 4] as email_list_ids, t as updated_at, t as _fivetran_synced""",
    "raw_fivetran_iterable.channel": """
        i % 4 as id, ['Marketing', 'Transactional'][1 + i % 2] as channel_type, ['Email', 'Email', 'SMS', 'Push'][1 + i % 4] as message_medium, t as _fivetran_synced""",
    "raw_fivetran_iterable.message_type": "i % 6 as id, 'Type ' || i % 6 as name, i % 6 as channel_id, t as _fivetran_synced",
    "raw_fivetran_iterable.user_unsubscribed_channel": "i % 5 as channel_id, 'u' || i % 44 as _fivetran_id, t as _fivetran_synced",
    "raw_fivetran_iterable.user_unsubscribed_message_type_history": """
        i % 7 as message_type_id, 'U' || i % 40 || '-1@app.example' as email, t as updated_at, t as _fivetran_synced""",
    "raw_fivetran_iterable.event": """
        'e' || i as _fivetran_id, case when i % 3 > 0 then 'u' || i % 44 end as _fivetran_user_id, case when i % 3 = 0 then who end as email,
        ['emailSend', 'emailOpen', 'emailClick', 'emailBounce', 'emailUnSubscribe', 'emailSubscribe', 'smsReceived', 'pushSend', 'purchase'][1 + i % 9] as event_name,
        'C' || i % 3 as campaign_id, case when i % 5 > 0 then 'm' || i // 9 end as message_id, ['HardBounce', 'SoftBounce', null][1 + i % 3] as recipient_state,
        '5.1.1 (bad "mailbox")' as status, case when i % 4 > 0 then '{"signupSource": "WebForm", "isBot": "true"}' when i % 8 = 0 then 'null' end as additional_properties,
        case when i % 50 > 0 then t end as created_at, t as _fivetran_synced""",
    "raw_fivetran_iterable.event_extension": """
        'e' || i as _fivetran_id, ['Apple', 'Gmail', '', null][1 + i % 4] as proxy_source, case when i % 2 = 0 then 'STOP' else 'hello' end as sms_message,
        '+49300001' || i % 40 as from_phone_number, 'https://shop.example/' || i as url, t as _fivetran_synced""",
    "raw_fivetran_iterable.list_user": "i % 3 as list_id, 'u' || i % 40 || case when i % 2 = 0 then '-' || i % 3 else '' end as _fivetran_id, t as _fivetran_synced",
}
