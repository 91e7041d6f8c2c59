-- One row per Mailchimp member who left by a campaign or by an e-mail of an automation.
{{ config(materialized='ephemeral') }}

select
    campaign_id as mailing_id,
    list_id,
    member_id,
    nullif(trim(reason), '') as reason,
    coalesce(timestamp, _fivetran_synced) as occurred_at,
    case when timestamp is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from {{ source('fivetran_mailchimp', 'unsubscribe') }}
{{ newest(['campaign_id', 'list_id', 'member_id', 'timestamp'], '_fivetran_synced') }}
