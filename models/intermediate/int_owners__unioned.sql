-- One row per salesperson of any CRM; what is added here reaches every model of owners.
{{ config(materialized='view') }}

select owner_id, name, email, team, region from {{ ref('stg_crm__owners') }}
union all
select owner_id, name, cast(null as {{ dbt.type_string() }}), team, region from {{ ref('stg_maven__owners') }}
union all
select owner_id, name, email, team, region from {{ ref('int_owners__activecampaign') }}
union all
select * from {{ ref('int_owners__fivetran_hubspot') }}
union all
select * from {{ ref('int_owners__fivetran_salesforce') }}
