-- One row per HubSpot deal that was merged into another, and the one that is left of both.
{{ config(materialized='ephemeral') }}

with

merges as (

    select merged_deal_id, deal_id, _fivetran_deleted from {{ source('fivetran_hubspot', 'merged_deal') }}
    where merged_deal_id <> deal_id
    {{ newest(['merged_deal_id'], '_fivetran_synced') }}

)

select
    merges.merged_deal_id as deal_key,
    -- What a deal was merged into may itself have been merged.
    coalesce(lasts.deal_id, nexts.deal_id, merges.deal_id) as kept_key
from merges
left join merges as nexts on merges.deal_id = nexts.merged_deal_id
left join merges as lasts on nexts.deal_id = lasts.merged_deal_id and lasts.deal_id <> merges.deal_id
where not coalesce(merges._fivetran_deleted, false)
    and coalesce(lasts.deal_id, nexts.deal_id, merges.deal_id) <> merges.merged_deal_id
