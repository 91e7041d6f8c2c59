-- One row per contact whom a plan held back, sync and reason, with the time it holds for: suppressed, invalid or waiting for a person.
select
    withheld_id,
    sync,
    destination,
    object,
    mode,
    channel,
    entity_key_hash,
    contact_id,
    state,
    reason,
    withheld_at,
    ended_at
from {{ source('activations', 'withheld') }}
