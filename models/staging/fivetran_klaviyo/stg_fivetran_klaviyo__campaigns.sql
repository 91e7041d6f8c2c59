-- One row per campaign of Klaviyo, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as campaign_id,
    nullif(trim(name), '') as name,
    _batch as batch
from {{ source('fivetran_klaviyo', 'campaign') }}
{{ newest(['id'], '_fivetran_synced') }}
