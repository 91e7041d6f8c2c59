-- One row per notification of SES and recipient it concerns, with the vendor's own words; who is meant where several got it, is not guessed.
{{ config(materialized='ephemeral') }}

with

notifications as (

    select
        *,
        coalesce(event_type, notification_type) as kind,
        {{ json_text('mail', 'messageId') }} as mail_id,
        {{ json_text('mail', 'destination[1]') }} is not null as has_several,
        {{ utc_or_null('coalesce('
            ~ json_text('bounce', 'timestamp') ~ ', '
            ~ json_text('complaint', 'timestamp') ~ ', '
            ~ json_text('delivery', 'timestamp') ~ ', '
            ~ json_text('delivery_delay', 'timestamp') ~ ', '
            ~ json_text('open', 'timestamp') ~ ', '
            ~ json_text('click', 'timestamp') ~ ', '
            ~ json_text('subscription', 'timestamp') ~ ', '
            ~ "case when coalesce(event_type, notification_type) in ('Send', 'Reject', 'Rendering Failure') then "
            ~ json_text('mail', 'timestamp') ~ ' end)') }} as event_at
    from {{ source('amazon_ses', 'events') }}
    -- What SNS says for itself, such as a confirmation of a subscription, is no event of a message.
    where mail is not null

),

addressed as (

    select
        *,
        coalesce(event_at, sns_timestamp) as vendor_at,
        -- SES does not say which of several recipients opened or clicked.
        kind in ('Open', 'Click', 'Received') and has_several as is_anybody,
        coalesce(
            nullif({{ json_text('bounce', 'bouncedRecipients') }}, '[]'),
            nullif({{ json_text('complaint', 'complainedRecipients') }}, '[]'),
            nullif({{ json_text('delivery_delay', 'delayedRecipients') }}, '[]'),
            nullif({{ json_text('delivery', 'recipients') }}, '[]'),
            case when kind <> 'Received' and not (kind in ('Open', 'Click') and has_several)
                then nullif({{ json_text('mail', 'destination') }}, '[]')
            end,
            '[null]'
        ) as recipients
    from notifications

)

select
    addressed.*,
    items.item,
    {{ normalize_email("case when substr(items.item, 1, 1) = '{' then " ~ json_text(json_or_null('items.item'), 'emailAddress')
        ~ ' else items.item end') }} as address,
    case when substr(items.item, 1, 1) = '{' then {{ json_or_null('items.item') }} end as detail
from addressed
cross join lateral (select {{ json_items('addressed.recipients') }} as item) as items
