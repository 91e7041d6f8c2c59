-- One row per task of Salesforce, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as task_key,
    nullif(who_id, '') as person_key,
    nullif(what_id, '') as about_key,
    nullif(owner_id, '') as owner_key,
    lower(coalesce(nullif(trim(task_subtype), ''), nullif(trim(type), ''), 'task')) as kind,
    case lower(call_type) when 'inbound' then 'inbound' when 'outbound' then 'outbound' end as direction,
    coalesce(is_closed, completed_date_time is not null or lower(status) = 'completed', false) as is_done,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    completed_date_time as completed_at,
    activity_date as due_at,
    created_date as created_at,
    coalesce(last_modified_date, _fivetran_start) as updated_at
from {{ source('fivetran_salesforce', 'task') }}
{{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}
