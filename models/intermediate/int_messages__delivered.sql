-- One row per delivered message event of any source, repeats included; what is added here reaches every model of messages.
{{ config(materialized='view') }}

select * from {{ ref('int_messages__sendgrid') }}
union all
select * from {{ ref('int_messages__amazon_ses') }}
union all
select * from {{ ref('int_messages__postmark') }}
union all
select * from {{ ref('int_messages__twilio') }}
union all
select * from {{ ref('int_messages__vonage') }}
union all
select * from {{ ref('int_messages__mailgun') }}
union all
select * from {{ ref('int_messages__brevo') }}
union all
select * from {{ ref('int_messages__mailjet') }}
union all
select * from {{ ref('int_messages__sparkpost') }}
union all
select * from {{ ref('int_messages__mandrill') }}
union all
select * from {{ ref('int_messages__resend') }}
union all
select * from {{ ref('int_messages__dirty_email') }}
union all
select * from {{ ref('int_messages__fivetran_hubspot') }}
union all
select * from {{ ref('int_messages__activecampaign') }}
union all
select * from {{ ref('int_messages__fivetran_twilio') }}
union all
select * from {{ ref('int_messages__fivetran_mailchimp') }}
union all
select * from {{ ref('int_messages__fivetran_klaviyo') }}
union all
select * from {{ ref('int_messages__fivetran_iterable') }}
