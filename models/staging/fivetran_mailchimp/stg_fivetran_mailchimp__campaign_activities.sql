-- One row per action of a recipient of a Mailchimp campaign; Mailchimp gives it no id, so it is known by all that it says.
{{ config(materialized='ephemeral') }}

select
    {{ said_hash(['campaign_id', 'list_id', 'member_id', 'lower(action)', epoch_seconds('timestamp'), 'url', 'ip', 'lower(bounce_type)', 'combination_id']) }} as activity_id,
    campaign_id as mailing_id,
    list_id,
    member_id,
    combination_id as variant,
    lower(action) as action,
    lower(bounce_type) as bounce_type,
    url,
    ip,
    timestamp as occurred_at,
    min(_batch) as batch
from {{ source('fivetran_mailchimp', 'campaign_recipient_activity') }}
group by
    campaign_id, list_id, member_id, combination_id, lower(action), lower(bounce_type), url, ip, timestamp
