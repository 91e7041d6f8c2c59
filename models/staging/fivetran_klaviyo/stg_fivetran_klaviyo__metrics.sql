-- One row per kind of event (metric) of Klaviyo, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as metric_id,
    nullif(trim(name), '') as name,
    _batch as batch
from {{ source('fivetran_klaviyo', 'metric') }}
{{ newest(['id'], '_fivetran_synced') }}
