-- One row per HubSpot deal and company that belongs to it.
{{ config(materialized='ephemeral') }}

with

ties as (

    select deal_id, company_id, type_id, _fivetran_deleted from {{ source('fivetran_hubspot', 'deal_company') }}
    {{ newest(['deal_id', 'company_id', 'type_id'], '_fivetran_synced') }}

)

-- Several ties, one label each, may hold between the same two.
select
    deal_id as deal_key,
    company_id as company_key,
    max(case when type_id = '5' then 1 else 0 end) = 1 as is_first
from ties
where not coalesce(_fivetran_deleted, false)
group by deal_id, company_id
