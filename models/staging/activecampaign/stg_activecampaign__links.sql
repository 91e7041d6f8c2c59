-- One row per link of a message, as last pulled.
select
    id as link_id,
    nullif(campaign, '0') as campaign_id,
    nullif(message, '0') as message_id,
    link as url,
    name,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'links') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
