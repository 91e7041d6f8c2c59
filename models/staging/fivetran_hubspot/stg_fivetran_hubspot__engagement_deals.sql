-- One row per HubSpot engagement that concerns a deal: the one with the smallest key.
{{ config(materialized='ephemeral') }}

with

ties as (

    select engagement_id, deal_id, _fivetran_deleted from {{ source('fivetran_hubspot', 'engagement_deal') }}
    {{ newest(['engagement_id', 'deal_id'], '_fivetran_synced') }}

)

select
    engagement_id as engagement_key,
    min(deal_id) as deal_key
from ties
where not coalesce(_fivetran_deleted, false)
group by engagement_id
