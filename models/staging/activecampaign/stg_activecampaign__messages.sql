-- One row per message text, as last pulled.
select
    id as message_id,
    name,
    subject,
    {{ normalize_email('from_email') }} as sender,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    {{ utc_or_null('updated') }} as updated_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'messages') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
