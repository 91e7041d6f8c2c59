-- One row per Mailchimp audience and member, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    'mailchimp:' || list_id || ':' || member_id as record_node,
    'mailchimp' as source,
    cast(null as {{ dbt.type_string() }}) as user_node,
    email,
    cast(null as {{ dbt.type_string() }}) as phone,
    first_name,
    last_name,
    cast(null as {{ dbt.type_string() }}) as company,
    cast(null as {{ dbt.type_string() }}) as job_title,
    cast(null as {{ dbt.type_string() }}) as industry,
    cast(null as bigint) as company_size,
    cast(null as {{ dbt.type_string() }}) as account_id,
    country,
    cast(null as {{ dbt.type_string() }}) as city,
    timezone,
    cast(null as {{ dbt.type_string() }}) as acquisition_source,
    cast(null as date) as born_on,
    is_deleted,
    created_at,
    updated_at,
    batch
from {{ ref('stg_fivetran_mailchimp__members') }}
