-- One row per user of Iterable, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    coalesce(_fivetran_id, lower(trim(email))) as person_key,
    {{ normalize_email('email') }} as email,
    {{ normalize_phone("phone_number") }} as phone,
    trim(first_name) as first_name,
    trim(last_name) as last_name,
    cast(null as {{ dbt.type_string() }}) as company,
    cast(null as {{ dbt.type_string() }}) as job_title,
    cast(null as {{ dbt.type_string() }}) as city,
    signup_source as acquisition_source,
    coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    signup_date as created_at,
    coalesce(updated_at, _fivetran_synced) as updated_at,
    _batch as batch
from {{ source('fivetran_iterable', 'user_history') }}
{{ newest(["coalesce(_fivetran_id, lower(trim(email)))"], "coalesce(updated_at, _fivetran_synced)") }}
