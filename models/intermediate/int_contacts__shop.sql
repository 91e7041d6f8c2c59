-- One row per contact record of the shop, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    'user:' || contact_id as record_node,
    'shop' as source,
    cast(null as {{ dbt.type_string() }}) as user_node,
    email,
    phone,
    first_name,
    last_name,
    company,
    job_title,
    industry,
    cast(company_size as bigint) as company_size,
    account_id,
    country,
    city,
    timezone,
    acquisition_source,
    born_on,
    false as is_deleted,
    created_at,
    updated_at,
    batch
from {{ ref('stg_shop__contacts') }}
