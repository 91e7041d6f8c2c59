-- One row per Mailchimp member and audience with the consent that its status states.
{{ config(materialized='ephemeral') }}

select
    email as address,
    'email' as channel,
    'marketing' as purpose,
    case when status = 'subscribed' then 'opt_in' else 'opt_out' end as status,
    'mailchimp:' || status as method,
    'mailchimp' as source,
    -- Fivetran does not say whether the member signed up or was imported.
    status = 'unsubscribed' as is_explicit,
    'list ' || list_id as evidence,
    cast(null as timestamp) as expires_at,
    case when status = 'subscribed' then coalesce(opted_at, updated_at) else updated_at end as occurred_at,
    batch
from {{ ref('stg_fivetran_mailchimp__members') }}
where status in ('subscribed', 'unsubscribed')
    and not is_deleted
    and email is not null
