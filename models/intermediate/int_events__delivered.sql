-- One row per delivered event of any source, repeats included; what is added here reaches every model of events.
{{ config(materialized='view') }}

select * from {{ ref('int_events__segment') }}
union all
select * from {{ ref('int_events__rees46') }}
union all
select * from {{ ref('int_events__fivetran_hubspot') }}
union all
select * from {{ ref('int_events__fivetran_salesforce') }}
union all
select * from {{ ref('int_events__fivetran_klaviyo') }}
union all
select * from {{ ref('int_events__fivetran_iterable') }}
union all
select * from {{ ref('int_events__forms') }}
