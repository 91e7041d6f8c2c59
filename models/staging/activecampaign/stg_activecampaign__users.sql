-- One row per user, as last pulled.
select
    id as user_id,
    nullif(trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), '') as name,
    {{ normalize_email('email') }} as email,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'users') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
