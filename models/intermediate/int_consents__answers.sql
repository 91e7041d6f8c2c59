-- One row per answer of a destination that closed an address: left, complained or cannot be reached, as the vendor knows it.
{{ config(materialized='ephemeral') }}

select
    address,
    channel,
    -- A mailbox that is gone or has complained is closed to every purpose.
    case when status = 'opt_out' then 'marketing' else 'any' end as purpose,
    status,
    destination || ':answer' as method,
    destination as source,
    -- The vendor says so, not the person.
    false as is_explicit,
    receipt_id as evidence,
    cast(null as timestamp) as expires_at,
    occurred_at,
    batch
from {{ ref('stg_activations__opt_outs') }}
where address is not null
