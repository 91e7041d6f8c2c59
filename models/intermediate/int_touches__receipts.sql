-- One row per row that we handed to a destination, as a touch of its contact, with the message that came of it where the vendor told.
{{ config(materialized='view') }}

with

receipts as (

    select
        *,
        -- The name by which the vendor's events know what this destination sends.
        case destination when 'amazon_ses' then 'ses' else split_part(destination, '_', 1) end || ':'
            -- SendGrid's is followed by that of the batch, and in its events by that of the server.
            || case when destination = 'sendgrid_mail' then split_part(split_part(vendor_id, '|', 1), '.', 1) else vendor_id end
            as message_ref
    from {{ ref('stg_activations__receipts') }}

),

messages as (

    select
        *,
        split_part(message_id, ':', 1) || ':' || split_part(message_id, ':', 2) as message_ref
    from {{ ref('int_messages__messages') }}

),

-- What the vendor had for later and gave back.
recalled as (

    select distinct
        vendor_id,
        'outbox_' || channel as sync,
        state,
        reason
    from {{ ref('stg_outbox__messages') }}
    where state = 'cancelled' and vendor_id is not null

)

select
    'receipt:' || receipts.receipt_id as touch_id,
    coalesce(moved.contact_id, receipts.contact_id) as contact_id,
    {{ touch_kind('receipts') }} as kind,
    receipts.channel,
    coalesce(messages.campaign, receipts.campaign, receipts.sync) as campaign,
    receipts.sync,
    receipts.destination,
    receipts.object,
    receipts.operation,
    coalesce(recalled.state, messages.state, receipts.outcome) as state,
    coalesce(recalled.reason, messages.failure, receipts.message, case when receipts.outcome <> 'delivered' then receipts.code end) as reason,
    receipts.vendor_id,
    receipts.receipt_id,
    messages.message_id,
    receipts.attempted_at as occurred_at,
    receipts.received_at,
    messages.delivered_at,
    messages.first_opened_at as opened_at,
    messages.first_clicked_at as clicked_at
from receipts
left join {{ ref('int_identity__moved') }} as moved on receipts.contact_id = moved.previous_contact_id
left join recalled on receipts.vendor_id = recalled.vendor_id and receipts.sync = recalled.sync
left join messages on receipts.mode = 'append' and receipts.message_ref = messages.message_ref
-- What was in doubt and found later has two receipts, and a vendor's id may have several messages: one touch all the same.
qualify row_number() over (
    partition by receipts.run_id, coalesce(receipts.entity_key_hash, receipts.receipt_id)
    order by
        case when receipts.outcome = 'in_doubt' then 1 else 0 end,
        receipts.received_at desc nulls last, receipts.receipt_id, messages.message_id nulls last
) = 1
