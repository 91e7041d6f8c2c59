-- One row per campaign of Iterable, as it stands now.
{{ config(materialized='ephemeral') }}

select
    id as campaign_id,
    nullif(trim(name), '') as name,
    _batch as batch
from {{ source('fivetran_iterable', 'campaign_history') }}
{{ newest(['id'], 'coalesce(updated_at, _fivetran_synced)') }}
