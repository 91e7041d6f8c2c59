-- One row per event of Salesforce's calendar, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as task_key,
    nullif(who_id, '') as person_key,
    nullif(what_id, '') as about_key,
    nullif(owner_id, '') as owner_key,
    lower(coalesce(nullif(trim(type), ''), 'meeting')) as kind,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    coalesce(start_date_time, activity_date_time) as started_at,
    coalesce(end_date_time, start_date_time, activity_date_time) as ended_at,
    created_date as created_at
from {{ source('fivetran_salesforce', 'event') }}
{{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}
