-- One row per campaign, with its counters as last pulled.
select
    id as campaign_id,
    name,
    kind,
    {{ whole_or_null('sent_count') }} as sent_count,
    {{ whole_or_null('opens') }} as opened_count,
    {{ whole_or_null('clicks') }} as clicked_count,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    {{ utc_or_null('sent') }} as sent_at,
    {{ utc_or_null('created') }} as created_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'campaigns') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
