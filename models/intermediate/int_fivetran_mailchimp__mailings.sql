-- One row per mailing of Mailchimp: a campaign, or an e-mail of an automation, which has no time of its own.
{{ config(materialized='ephemeral') }}

select campaign_id as mailing_id, list_id, name, sent_at
from {{ ref('stg_fivetran_mailchimp__campaigns') }}
union all
select
    emails.automation_email_id,
    automations.list_id,
    coalesce(automations.name, emails.name, emails.automation_email_id),
    cast(null as timestamp)
from {{ ref('stg_fivetran_mailchimp__automation_emails') }} as emails
left join {{ ref('stg_fivetran_mailchimp__automations') }} as automations
    on emails.automation_id = automations.automation_id
