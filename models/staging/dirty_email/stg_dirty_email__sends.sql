-- One row per send, with recipient and zone cleaned; the sender gave no addresses, only user ids.
select
    lower(trim(user_id)) as user_id,
    coalesce(nullif(trim(campaign_id), ''), 'unknown') as campaign,
    nullif(trim(timezone), '') as timezone,
    nullif(trim(segment), '') as segment_label,
    send_timestamp as sent_at,
    open_timestamp as opened_at,
    click_timestamp as clicked_at,
    _batch as batch
from {{ source('dirty_email', 'email_events') }}
{{ newest(['lower(trim(user_id))', 'campaign_id', 'send_timestamp']) }}
