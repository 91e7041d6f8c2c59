-- One row per contact or lead of Salesforce that was merged into another.
{{ config(materialized='ephemeral') }}

with

records as (

    select id, master_record_id, last_modified_date, _fivetran_start, _fivetran_synced, _batch, _file_id
    from {{ source('fivetran_salesforce', 'contact') }}
    union all
    select id, master_record_id, last_modified_date, _fivetran_start, _fivetran_synced, _batch, _file_id
    from {{ source('fivetran_salesforce', 'lead') }}

)

select
    id as person_key,
    master_record_id as kept_key,
    coalesce(last_modified_date, _fivetran_start) as merged_at,
    _batch as batch
from records
where nullif(master_record_id, '') is not null and master_record_id <> id
{{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}
