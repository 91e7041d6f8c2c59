-- One row per HubSpot deal that was merged into another, and the one that is left of both.
{{ config(materialized='ephemeral') }}

with

pairs as (

    select merged_deal_id, deal_id, _fivetran_deleted from {{ source('fivetran_hubspot', 'merged_deal') }}
    where merged_deal_id <> deal_id
    {{ newest(['merged_deal_id'], '_fivetran_synced') }}

)

select
    pairs.merged_deal_id as deal_key,
    -- What a deal was merged into may itself have been merged.
    coalesce(latest.deal_id, later.deal_id, pairs.deal_id) as kept_key
from pairs
left join pairs as later on pairs.deal_id = later.merged_deal_id
left join pairs as latest on later.deal_id = latest.merged_deal_id and latest.deal_id <> pairs.deal_id
where not coalesce(pairs._fivetran_deleted, false)
    and coalesce(latest.deal_id, later.deal_id, pairs.deal_id) <> pairs.merged_deal_id
