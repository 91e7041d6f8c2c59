-- One row per HubSpot deal and entry into a stage.
{{ config(materialized='ephemeral') }}

select
    deal_id as deal_key,
    value as stage_key,
    -- Fivetran's own start is when it saw the stage; what HubSpot says comes first.
    coalesce(date_entered, _fivetran_start) as entered_at
from {{ source('fivetran_hubspot', 'deal_stage') }}
where value is not null
    and not coalesce(_fivetran_deleted, false)
{{ newest(['deal_id', 'value', 'coalesce(date_entered, _fivetran_start)'], '_fivetran_synced') }}
