-- One row per erased address that a later load brought back: it stays suppressed.
select
    address,
    channel,
    erased_at,
    batch
from {{ source('millrace', 'erased_addresses') }}
