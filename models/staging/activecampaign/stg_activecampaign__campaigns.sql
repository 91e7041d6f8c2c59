-- One row per campaign, with its counters as last pulled.
select
    id as campaign_id,
    name,
    kind,
    case when {{ matches_pattern('sent_count', '^-?[0-9]+$') }} then {{ number_or_null('sent_count', 'bigint') }} end as sent_count,
    case when {{ matches_pattern('opens', '^-?[0-9]+$') }} then {{ number_or_null('opens', 'bigint') }} end as opened_count,
    case when {{ matches_pattern('clicks', '^-?[0-9]+$') }} then {{ number_or_null('clicks', 'bigint') }} end as clicked_count,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    {{ utc_or_null('sent') }} as sent_at,
    {{ utc_or_null('created') }} as created_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'campaigns') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
