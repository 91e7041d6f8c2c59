-- One row per HubSpot contact, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as contact_key,
    {{ normalize_email('property_email') }} as email,
    property_email as email_given,
    {{ normalize_phone('property_phone') }} as phone,
    trim(property_firstname) as first_name,
    trim(property_lastname) as last_name,
    property_company as company,
    property_jobtitle as job_title,
    property_industry as industry,
    property_country as country,
    property_city as city,
    'hubspot:' || nullif(property_associatedcompanyid, '') as account_id,
    coalesce(_fivetran_deleted, false) as is_deleted,
    property_createdate as created_at,
    coalesce(property_lastmodifieddate, _fivetran_synced) as updated_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'contact') }}
{{ newest(['id'], '_fivetran_synced') }}
