-- One row per stage of a HubSpot pipeline, as Fivetran last wrote it; one that was deleted still names its old deals.
{{ config(materialized='ephemeral') }}

select
    stage_id as stage_key,
    pipeline_id as pipeline_key,
    label as stage,
    {{ number_or_null('display_order', 'integer') }} as stage_order,
    -- Older connections name the chance alone: 1 is won, 0 is lost.
    coalesce(is_closed, {{ number_or_null('probability') }} in (0, 1)) as is_closed,
    coalesce(closed_won, {{ number_or_null('probability') }} = 1) as is_won
from {{ source('fivetran_hubspot', 'deal_pipeline_stage') }}
{{ newest(['stage_id'], '_fivetran_synced') }}
