-- One row per opportunity of Salesforce, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as deal_key,
    nullif(account_id, '') as account_key,
    nullif(owner_id, '') as owner_key,
    nullif(created_by_id, '') as creator_key,
    name,
    nullif(record_type_id, '') as record_type_key,
    lead_source as source,
    upper(nullif(trim(currency_iso_code), '')) as currency,
    {{ number_or_null('round(100 * amount)', 'bigint') }} as amount_cents,
    stage_name as stage,
    is_closed,
    is_won,
    close_date,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    created_date as created_at,
    _batch as batch
from {{ source('fivetran_salesforce', 'opportunity') }}
{{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}
