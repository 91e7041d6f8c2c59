-- One row per purpose that somebody left by the link in a message, in the canonical columns of a consent.
{{ config(materialized='ephemeral') }}

select
    address,
    channel,
    purpose,
    status,
    method,
    'preferences' as source,
    true as is_explicit,
    cast(evidence as {{ dbt.type_string() }}) as evidence,
    cast(null as timestamp) as expires_at,
    occurred_at,
    batch
from {{ ref('stg_forms__preferences') }}
where address is not null
