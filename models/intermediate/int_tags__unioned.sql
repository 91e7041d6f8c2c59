-- One row per tag put on a contact record of any source; what is added here reaches every model of tags.
{{ config(materialized='view') }}

select * from {{ ref('int_tags__shop') }}
union all
select * from {{ ref('int_tags__activecampaign') }}
union all
select * from {{ ref('int_tags__fivetran_hubspot') }}
union all
select * from {{ ref('int_tags__fivetran_salesforce') }}
union all
select * from {{ ref('int_tags__fivetran_mailchimp') }}
union all
select * from {{ ref('int_tags__fivetran_klaviyo') }}
union all
select * from {{ ref('int_tags__fivetran_iterable') }}
