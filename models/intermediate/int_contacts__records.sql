-- One row per contact record of any source, as it stands now; what is added here reaches identity and profiles.

select * from {{ ref('int_contacts__shop') }}
union all
select * from {{ ref('int_contacts__fivetran_hubspot') }}
union all
select * from {{ ref('int_contacts__fivetran_mailchimp') }}
union all
select * from {{ ref('int_contacts__activecampaign') }}
union all
select * from {{ ref('int_contacts__fivetran_salesforce_contacts') }}
union all
select * from {{ ref('int_contacts__fivetran_salesforce_leads') }}
union all
select * from {{ ref('int_contacts__fivetran_klaviyo') }}
union all
select * from {{ ref('int_contacts__fivetran_iterable') }}
union all
select * from {{ ref('int_contacts__forms') }}
