-- One row per Mailchimp campaign and member it went to, with when Fivetran first wrote the row: it says no time of its own.
{{ config(materialized='ephemeral') }}

select
    campaign_id as mailing_id,
    list_id,
    member_id,
    max(combination_id) as variant,
    min(_fivetran_synced) as first_seen_at,
    min(_batch) as batch
from {{ source('fivetran_mailchimp', 'campaign_recipient') }}
group by campaign_id, list_id, member_id
