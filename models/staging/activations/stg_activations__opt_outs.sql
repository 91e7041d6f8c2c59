-- One row per answer by which a destination closed an address, with the address in its normal form.
select
    receipt_id,
    sync,
    destination,
    case channel when 'email' then {{ normalize_email('address') }} else {{ normalize_phone('address') }} end as address,
    channel,
    status,
    code,
    occurred_at,
    batch
from {{ source('activations', 'opt_outs') }}
