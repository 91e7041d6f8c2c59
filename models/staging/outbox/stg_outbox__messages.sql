-- One row per intended message of the outbox, whoever proposed it, as it stands now.
select
    message_id,
    source,
    source_name,
    contact_id,
    channel,
    message,
    purpose,
    due_at,
    planned_at,
    -- Whom a person holds, and who is not on the way yet.
    case when held_at is not null and state in ('planned', 'deferred', 'cleared') then 'held' else state end as state,
    reason,
    state_at,
    send_at,
    expires_at,
    destination,
    vendor_id
from {{ source('outbox', 'outbox') }}
