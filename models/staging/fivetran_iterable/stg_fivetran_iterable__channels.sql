-- One row per channel of messages in Iterable, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as channel_id,
    lower(channel_type) as channel_type,
    lower(message_medium) as medium,
    _batch as batch
from {{ source('fivetran_iterable', 'channel') }}
{{ newest(['id'], '_fivetran_synced') }}
