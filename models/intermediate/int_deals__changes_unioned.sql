-- One row per change of amount or expected close of a deal of any CRM; what is added here reaches the features of deals.
{{ config(materialized='view') }}

select deal_id, field, old_value, new_value, changed_at from {{ ref('stg_crm__deal_changes') }}
union all
select * from {{ ref('int_deals__changes_fivetran_hubspot') }}
union all
select * from {{ ref('int_deals__changes_fivetran_salesforce') }}
