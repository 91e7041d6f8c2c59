-- One row per row that we handed to a destination, as a touch of its contact, with the message that came of it where the vendor told.
{{ config(materialized='view') }}

with

receipts as (

    select
        *,
        -- The name by which the vendor's events know what this destination sends.
        case destination when 'amazon_ses' then 'ses' else split_part(destination, '_', 1) end || ':' || vendor_id as message_ref
    from {{ ref('stg_activations__receipts') }}

),

-- Who a contact has become since: the nodes that were theirs say whose they are now.
moved as (

    select
        changes.previous_contact_id,
        max(nodes.contact_id) as contact_id
    from {{ ref('int_identity__changes') }} as changes
    inner join {{ ref('int_identity__nodes') }} as nodes on changes.node = nodes.node
    where changes.previous_contact_id is not null
        and changes.previous_contact_id not in (select known.contact_id from {{ ref('int_identity__nodes') }} as known)
    group by changes.previous_contact_id

),

messages as (

    select
        *,
        split_part(message_id, ':', 1) || ':' || split_part(message_id, ':', 2) as message_ref
    from {{ ref('int_messages__messages') }}

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
    coalesce(messages.state, receipts.outcome) as state,
    coalesce(messages.failure, receipts.message, case when receipts.outcome <> 'delivered' then receipts.code end) as reason,
    receipts.vendor_id,
    receipts.receipt_id,
    messages.message_id,
    receipts.attempted_at as occurred_at,
    receipts.received_at,
    messages.delivered_at,
    messages.first_opened_at as opened_at,
    messages.first_clicked_at as clicked_at
from receipts
left join moved on receipts.contact_id = moved.previous_contact_id
left join messages on receipts.mode = 'append' and receipts.message_ref = messages.message_ref
-- What was in doubt and found later has two receipts, and a vendor's id may have several messages: one touch all the same.
qualify row_number() over (
    partition by receipts.run_id, coalesce(receipts.entity_key_hash, receipts.receipt_id)
    order by
        case when receipts.outcome = 'in_doubt' then 1 else 0 end,
        receipts.received_at desc nulls last, receipts.receipt_id, messages.message_id nulls last
) = 1
