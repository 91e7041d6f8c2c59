-- One row per contact record and e-mail text that cannot be an address: it ties nobody and gets no message.
with

given as (

    select 'shop' as source, contact_id as record_id, email_given as email from {{ ref('stg_shop__contacts') }}
    union all
    select 'activecampaign', contact_id, email_given from {{ ref('stg_activecampaign__contacts') }}
    union all
    select 'fivetran_hubspot', contact_key, email_given from {{ ref('stg_fivetran_hubspot__contacts') }}
    union all
    select 'fivetran_mailchimp', member_id, email_given from {{ ref('stg_fivetran_mailchimp__members') }}

)

select source, record_id, lower(trim(email)) as address
from given
where trim(email) <> '' and {{ normalize_email('email') }} is null
