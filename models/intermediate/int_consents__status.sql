-- One row per address, channel and purpose with what holds now: the newest statement; a later opt-in beats an opt-out.
select
    address,
    channel,
    purpose,
    status,
    method,
    occurred_at
from {{ ref('int_consents__delivered') }}
qualify row_number() over (
    partition by address, channel, purpose
    -- The strictest wins where two statements carry the same time.
    order by occurred_at desc nulls last, case when status = 'opt_out' then 0 else 1 end, method nulls last
) = 1
