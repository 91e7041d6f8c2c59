-- One row per record type of Salesforce, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as record_type_key,
    trim(name) as name
from {{ source('fivetran_salesforce', 'record_type') }}
{{ newest(["id"], "coalesce(_fivetran_start, _fivetran_synced)") }}
