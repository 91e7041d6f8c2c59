-- One row per HubSpot company, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as company_key,
    property_hubspot_owner_id as owner_key,
    trim(property_name) as name,
    nullif(lower(coalesce(nullif(trim(property_domain), ''), {{ web_domain('property_website') }})), '') as domain,
    property_industry as industry,
    case when {{ matches_pattern("trim(property_country)", '^[A-Za-z]{2}$') }} then upper(trim(property_country)) end as country,
    {{ number_or_null(number_or_null('property_numberofemployees'), 'bigint') }} as employees,
    {{ cents_or_null('property_annualrevenue') }} as annual_revenue_cents,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) as is_deleted,
    property_createdate as created_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'company') }}
{{ newest(['id'], 'coalesce(_fivetran_synced, property_hs_lastmodifieddate)') }}
