-- One row per row that was handed to a destination.
select
    receipt_id,
    sync,
    run_id,
    entity_key_hash,
    contact_id,
    operation,
    outcome,
    vendor_id,
    code,
    message,
    attempted_at,
    destination,
    object,
    mode,
    channel,
    campaign,
    planned_at,
    received_at,
    coalesce(batch, 0) as batch
from {{ source('activations', 'receipts') }}
