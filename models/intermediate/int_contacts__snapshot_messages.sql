-- One row per contact and landmark with the messages they had got by then, and what they, not a machine, had done with them.
with

landmarks as (

    select contact_id, snapshot_at, {{ epoch_seconds('snapshot_at') }} as now_seconds from {{ ref('int_contacts__landmarks') }}

),

messages as (

    select
        known.contact_id,
        known.known_at,
        {{ epoch_seconds('coalesce(messages.delivered_at, messages.sent_at)') }} as got_seconds,
        {{ epoch_seconds('messages.first_opened_at') }} as opened_seconds,
        {{ epoch_seconds('messages.first_clicked_at') }} as clicked_seconds
    from {{ ref('int_messages__messages') }} as messages
    inner join {{ ref('int_identity__known') }} as known on messages.recipient_node = known.node
    where coalesce(messages.delivered_at, messages.sent_at) is not null

),

-- An answer can come days after its message, but hardly more than a year.
got as (

    select
        landmarks.contact_id,
        landmarks.snapshot_at,
        landmarks.now_seconds - messages.got_seconds as got_ago,
        case when messages.opened_seconds <= landmarks.now_seconds then landmarks.now_seconds - messages.opened_seconds end as opened_ago,
        case when messages.clicked_seconds <= landmarks.now_seconds then landmarks.now_seconds - messages.clicked_seconds end as clicked_ago
    from landmarks
    inner join messages
        on landmarks.contact_id = messages.contact_id
        and messages.known_at <= landmarks.snapshot_at
        and messages.got_seconds <= landmarks.now_seconds
        and messages.got_seconds > landmarks.now_seconds - 365 * 86400

)

select
    contact_id,
    snapshot_at,
    cast(sum(case when got_ago <= 30 * 86400 then 1 else 0 end) as bigint) as messages_30d,
    cast(sum(case when got_ago <= 90 * 86400 then 1 else 0 end) as bigint) as messages_90d,
    cast(sum(case when opened_ago <= 90 * 86400 then 1 else 0 end) as bigint) as opened_90d,
    cast(sum(case when clicked_ago <= 90 * 86400 then 1 else 0 end) as bigint) as clicked_90d,
    min(clicked_ago) / cast(86400 as double) as days_since_click
from got
group by contact_id, snapshot_at
