-- One row per change of a tracked field of an opportunity of Salesforce that we read.
{{ config(materialized='ephemeral') }}

select
    opportunity_id as deal_key,
    lower(field) as field,
    old_value,
    new_value,
    created_date as changed_at
from {{ source('fivetran_salesforce', 'opportunity_field_history') }}
where lower(field) in ('stagename', 'amount', 'closedate')
    and not coalesce(_fivetran_deleted, false)
{{ newest(["id"], "coalesce(_fivetran_start, _fivetran_synced)") }}
