-- One row per HubSpot list and contact, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    contact_list_id as list_key,
    contact_id as contact_key,
    added_at,
    -- HubSpot does not say when a contact left: the sync that saw it gone is the nearest we know.
    case when _fivetran_deleted then _fivetran_synced end as removed_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'contact_list_member') }}
{{ newest(['contact_list_id', 'contact_id'], '_fivetran_synced') }}
