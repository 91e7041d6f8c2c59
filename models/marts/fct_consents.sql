-- One row per statement about an address: consent given or taken back, bounces, complaints; it outlives the contact.
select
    statement_id,
    address,
    channel,
    purpose,
    status,
    method,
    source,
    is_explicit,
    evidence,
    expires_at,
    occurred_at
from {{ ref('int_consents__ledger') }}
