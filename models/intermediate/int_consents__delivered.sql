-- One row per delivered statement of consent of any source; what is added here reaches everything that asks for consent.
{{ config(materialized='view') }}

select * from {{ ref('int_consents__shop') }}
union all
select * from {{ ref('int_consents__messages') }}
union all
select * from {{ ref('int_consents__fivetran_mailchimp') }}
union all
select * from {{ ref('int_consents__activecampaign') }}
union all
select * from {{ ref('int_consents__fivetran_hubspot_contacts') }}
union all
select * from {{ ref('int_consents__fivetran_hubspot_subscriptions') }}
union all
select * from {{ ref('int_consents__fivetran_salesforce') }}
union all
select * from {{ ref('int_consents__fivetran_klaviyo') }}
union all
select * from {{ ref('int_consents__fivetran_klaviyo_people') }}
union all
select * from {{ ref('int_consents__fivetran_iterable') }}
union all
select * from {{ ref('int_consents__fivetran_iterable_unsubscribes') }}
union all
select * from {{ ref('int_consents__forms') }}
union all
select * from {{ ref('int_consents__preferences') }}
union all
select * from {{ ref('int_consents__answers') }}
