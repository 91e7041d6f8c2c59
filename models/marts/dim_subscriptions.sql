-- One row per address, channel and purpose with the consent that holds now.
select
    address,
    channel,
    purpose,
    status,
    status in ('opt_in', 'double_opt_in') as is_opted_in,
    method,
    occurred_at
from {{ ref('int_consents__status') }}
