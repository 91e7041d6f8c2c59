-- One row per HubSpot pipeline of deals, as Fivetran last wrote it; one that was deleted still names its old deals.
{{ config(materialized='ephemeral') }}

select
    pipeline_id as pipeline_key,
    label as name
from {{ source('fivetran_hubspot', 'deal_pipeline') }}
{{ newest(['pipeline_id'], '_fivetran_synced') }}
