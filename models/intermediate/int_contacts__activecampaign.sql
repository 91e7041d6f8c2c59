-- One row per contact of ActiveCampaign, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    'activecampaign:' || contact_id as record_node,
    'activecampaign' as source,
    cast(null as {{ dbt.type_string() }}) as user_node,
    email,
    phone,
    first_name,
    last_name,
    company,
    cast(null as {{ dbt.type_string() }}) as job_title,
    cast(null as {{ dbt.type_string() }}) as industry,
    cast(null as bigint) as company_size,
    cast(null as {{ dbt.type_string() }}) as account_id,
    cast(null as {{ dbt.type_string() }}) as country,
    cast(null as {{ dbt.type_string() }}) as city,
    cast(null as {{ dbt.type_string() }}) as timezone,
    cast(null as {{ dbt.type_string() }}) as acquisition_source,
    cast(null as date) as born_on,
    is_deleted,
    coalesce(created_at, pulled_at) as created_at,
    coalesce(updated_at, pulled_at) as updated_at,
    batch
from {{ ref('stg_activecampaign__contacts') }}
