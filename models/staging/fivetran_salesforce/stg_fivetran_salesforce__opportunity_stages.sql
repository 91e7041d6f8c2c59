-- One row per stage of opportunities in Salesforce, by its label.
{{ config(materialized='ephemeral') }}

select
    master_label as stage,
    {{ number_or_null('sort_order', 'integer') }} as stage_order,
    is_closed,
    is_won
from {{ source('fivetran_salesforce', 'opportunity_stage') }}
where master_label is not null
{{ newest(["master_label"], "case when not coalesce(_fivetran_deleted, false) then coalesce(_fivetran_start, _fivetran_synced) end") }}
