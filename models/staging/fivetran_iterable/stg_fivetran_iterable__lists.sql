-- One row per list of Iterable, as it stands now.
{{ config(materialized='ephemeral') }}

select
    id as list_id,
    nullif(trim(name), '') as name,
    _batch as batch
from {{ source('fivetran_iterable', 'list') }}
{{ newest(['id'], '_fivetran_synced') }}
