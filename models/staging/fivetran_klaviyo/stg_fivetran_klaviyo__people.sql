-- One row per person of Klaviyo, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as person_key,
    {{ normalize_email('email') }} as email,
    {{ normalize_phone("phone_number") }} as phone,
    trim(first_name) as first_name,
    trim(last_name) as last_name,
    organization as company,
    title as job_title,
    city as city,
    cast(null as {{ dbt.type_string() }}) as acquisition_source,
    coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    created as created_at,
    coalesce(updated, _fivetran_synced) as updated_at,
    _batch as batch
from {{ source('fivetran_klaviyo', 'person') }}
{{ newest(["id"], "_fivetran_synced") }}
