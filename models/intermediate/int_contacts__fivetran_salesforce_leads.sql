-- One row per lead of Salesforce, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    'salesforce:' || person_key as record_node,
    'salesforce' as source,
    cast(null as {{ dbt.type_string() }}) as user_node,
    email,
    phone,
    first_name,
    last_name,
    company,
    job_title,
    cast(null as {{ dbt.type_string() }}) as industry,
    cast(null as bigint) as company_size,
    cast(null as {{ dbt.type_string() }}) as account_id,
    cast(null as {{ dbt.type_string() }}) as country,
    city,
    cast(null as {{ dbt.type_string() }}) as timezone,
    acquisition_source,
    cast(null as date) as born_on,
    is_deleted,
    created_at,
    updated_at,
    batch
from {{ ref('stg_fivetran_salesforce__leads') }}
