-- One row per landed version of an opportunity of Salesforce: its stage, and since when it holds as far as we know.
{{ config(materialized='ephemeral') }}

select
    id as deal_key,
    stage_name as stage,
    {{ number_or_null('round(100 * amount)', 'bigint') }} as amount_cents,
    close_date,
    -- The end says nothing that the next start does not: while a version holds it lies in the far future.
    coalesce(_fivetran_start, last_modified_date, created_date) as changed_at,
    last_stage_change_date as stage_changed_at
from {{ source('fivetran_salesforce', 'opportunity') }}
where coalesce(_fivetran_start, last_modified_date, created_date) is not null
{{ newest(["id", "coalesce(_fivetran_start, last_modified_date, created_date)"], "_fivetran_synced") }}
