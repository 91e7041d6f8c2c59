-- One row per entry of a contact's history.
select
    id as activity_id,
    nullif(contact, '0') as contact_id,
    kind,
    reference_id,
    nullif(action, '') as action,
    {{ utc_or_null('happened') }} as occurred_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'activities') }}
{{ newest(['id'], 'case when not coalesce(is_gone, false) then pulled_at end') }}
