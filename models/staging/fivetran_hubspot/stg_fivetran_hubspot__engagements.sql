-- One row per HubSpot engagement of any kind, as Fivetran last wrote it: what older connections keep here alone.
{{ config(materialized='ephemeral') }}

select
    id as engagement_key,
    upper(type) as kind,
    owner_id as owner_key,
    coalesce(_fivetran_deleted, false) as is_deleted,
    created_at,
    timestamp as due_at,
    last_updated as updated_at
from {{ source('fivetran_hubspot', 'engagement') }}
{{ newest(['id'], '_fivetran_synced') }}
