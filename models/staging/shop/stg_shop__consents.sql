-- One row per statement of consent, keyed by normalised address.
select
    case
        when channel = 'email' then {{ normalize_email('address') }}
        else {{ normalize_phone('address') }}
    end as address,
    channel,
    purpose,
    status,
    method,
    occurred_at,
    _batch as batch
from {{ source('shop', 'consents') }}
{{ newest(['address', 'channel', 'purpose', 'occurred_at', 'status']) }}
