-- One row per bounce.
select
    id as bounce_log_id,
    nullif(contact, '0') as contact_id,
    {{ normalize_email('email') }} as recipient,
    nullif(campaign, '0') as campaign_id,
    code,
    nullif(error, '') as reason,
    {{ utc_or_null('happened') }} as occurred_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'bounce_logs') }}
{{ newest(['id'], 'case when not coalesce(is_gone, false) then pulled_at end') }}
