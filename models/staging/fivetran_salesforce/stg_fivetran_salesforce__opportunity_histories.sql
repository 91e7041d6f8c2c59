-- One row per change of stage, amount or close date that Salesforce itself recorded of an opportunity.
{{ config(materialized='ephemeral') }}

select
    opportunity_id as deal_key,
    stage_name as stage,
    {{ number_or_null('round(100 * amount)', 'bigint') }} as amount_cents,
    close_date,
    created_date as changed_at
from {{ source('fivetran_salesforce', 'opportunity_history') }}
where not (coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false))
{{ newest(["id"], "coalesce(_fivetran_start, _fivetran_synced)") }}
