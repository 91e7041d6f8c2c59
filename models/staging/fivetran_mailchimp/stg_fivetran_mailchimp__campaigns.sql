-- One row per Mailchimp campaign, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as campaign_id,
    list_id,
    coalesce(nullif(trim(title), ''), nullif(trim(subject_line), ''), id) as name,
    send_time as sent_at,
    _batch as batch
from {{ source('fivetran_mailchimp', 'campaign') }}
{{ newest(['id'], '_fivetran_synced') }}
