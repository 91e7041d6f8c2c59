-- One row per list of Klaviyo, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as list_id,
    nullif(trim(name), '') as name,
    _batch as batch
from {{ source('fivetran_klaviyo', 'list') }}
{{ newest(['id'], '_fivetran_synced') }}
