-- One row per HubSpot list, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as list_key,
    trim(name) as name,
    coalesce(_fivetran_deleted, false) as is_deleted,
    _fivetran_synced as synced_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'contact_list') }}
{{ newest(['id'], '_fivetran_synced') }}
