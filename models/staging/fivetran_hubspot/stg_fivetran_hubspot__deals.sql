-- One row per HubSpot deal, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    deal_id as deal_key,
    nullif(trim(owner_id), '') as owner_key,
    nullif(deal_pipeline_id, '') as pipeline_key,
    nullif(deal_pipeline_stage_id, '') as stage_key,
    property_dealname as name,
    lower(property_hs_analytics_source) as source,
    upper(nullif(trim(property_deal_currency_code), '')) as currency,
    {{ number_or_null('round(100 * property_amount)', 'bigint') }} as amount_cents,
    case
        when property_hs_is_closed is not null then {{ is_true('property_hs_is_closed') }}
    end as is_closed,
    case
        when property_hs_is_closed_won is not null then {{ is_true('property_hs_is_closed_won') }}
    end as is_won,
    property_closedate as close_date,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) as is_deleted,
    property_createdate as created_at,
    coalesce(property_hs_lastmodifieddate, property_createdate) as updated_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'deal') }}
{{ newest(['deal_id'], 'coalesce(_fivetran_synced, property_hs_lastmodifieddate)') }}
