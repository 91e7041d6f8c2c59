-- One row per contact of Salesforce, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as person_key,
    {{ normalize_email('email') }} as email,
    {{ normalize_phone("coalesce(mobile_phone, phone)") }} as phone,
    trim(first_name) as first_name,
    trim(last_name) as last_name,
    cast(null as {{ dbt.type_string() }}) as company,
    title as job_title,
    mailing_city as city,
    case when {{ matches_pattern("trim(mailing_country_code)", '^[A-Za-z]{2}$') }} then upper(trim(mailing_country_code)) end as country,
    'salesforce:' || nullif(account_id, '') as account_id,
    nullif(account_id, '') as account_key,
    lead_source as acquisition_source,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    created_date as created_at,
    coalesce(last_modified_date, _fivetran_synced) as updated_at,
    _batch as batch
from {{ source('fivetran_salesforce', 'contact') }}
{{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}
