-- One row per list, as last pulled.
select
    id as list_id,
    name,
    nullif(lower(trim(slug)), '') as slug,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'lists') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
