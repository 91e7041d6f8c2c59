-- One row per message type of Iterable, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as message_type_id,
    nullif(trim(name), '') as name,
    channel_id,
    _batch as batch
from {{ source('fivetran_iterable', 'message_type') }}
{{ newest(['id'], '_fivetran_synced') }}
