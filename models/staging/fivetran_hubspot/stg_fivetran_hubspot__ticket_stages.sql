-- One row per pipeline and stage of HubSpot tickets, as Fivetran last wrote it; one that was deleted still names its old tickets.
{{ config(materialized='ephemeral') }}

select
    stage_id as stage_key,
    pipeline_id as pipeline_key,
    trim(label) as stage,
    coalesce(is_closed, lower(ticket_state) = 'closed', false) as is_closed
from {{ source('fivetran_hubspot', 'ticket_pipeline_stage') }}
{{ newest(['pipeline_id', 'stage_id'], '_fivetran_synced') }}
