-- One row per entry of a HubSpot deal into a stage, but for deals that are deleted or merged into another.
{{ config(materialized='ephemeral') }}

with

gone as (

    select deal_key from {{ ref('stg_fivetran_hubspot__deals') }} where is_deleted
    union
    select deal_key from {{ ref('stg_fivetran_hubspot__merged_deals') }}

)

select
    'hubspot:' || entries.deal_key as deal_id,
    coalesce(stages.stage, entries.stage_key) as stage,
    coalesce(stages.stage_order, 9) as stage_order,
    entries.entered_at
from {{ ref('stg_fivetran_hubspot__deal_stages') }} as entries
left join {{ ref('stg_fivetran_hubspot__pipeline_stages') }} as stages on entries.stage_key = stages.stage_key
left join gone on entries.deal_key = gone.deal_key
where gone.deal_key is null
