-- One row per statement of consent in the shop's export, in the canonical columns of a consent.
{{ config(materialized='ephemeral') }}

select
    address,
    channel,
    purpose,
    status,
    method,
    'shop' as source,
    true as is_explicit,
    cast(null as {{ dbt.type_string() }}) as evidence,
    cast(null as timestamp) as expires_at,
    occurred_at,
    batch
from {{ ref('stg_shop__consents') }}
where address is not null
