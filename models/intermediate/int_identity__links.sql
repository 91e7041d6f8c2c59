-- One row per statement of a source that two records are one person; what is added here reaches identity.
{{ config(materialized='view') }}

select * from {{ ref('int_identity__fivetran_hubspot') }}
union all
select * from {{ ref('int_identity__fivetran_salesforce') }}
