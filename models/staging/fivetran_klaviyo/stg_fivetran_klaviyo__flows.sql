-- One row per flow of Klaviyo, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as flow_id,
    nullif(trim(name), '') as name,
    _batch as batch
from {{ source('fivetran_klaviyo', 'flow') }}
{{ newest(['id'], '_fivetran_synced') }}
