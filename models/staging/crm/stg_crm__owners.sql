-- One row per salesperson, as last exported.
select
    owner_id,
    name,
    {{ normalize_email('email') }} as email,
    team,
    region
from {{ source('crm', 'owners') }}
{{ newest(['owner_id']) }}
