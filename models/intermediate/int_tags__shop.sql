-- One row per tag put on a contact of the shop, in the canonical columns of a tag.
{{ config(materialized='ephemeral') }}

select
    'user:' || contact_id as record_node,
    'shop' as source,
    tag,
    added_at,
    removed_at,
    batch
from {{ ref('stg_shop__contact_tags') }}
