-- One row per HubSpot contact that was merged into another.
{{ config(materialized='ephemeral') }}

select
    canonical_vid as kept_key,
    vid_to_merge as merged_key,
    timestamp as merged_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'contact_merge_audit') }}
{{ newest(['canonical_vid', 'vid_to_merge'], '_fivetran_synced') }}
