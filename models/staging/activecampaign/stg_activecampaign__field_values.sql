-- One row per custom value of a contact, as last read.
select
    id as field_value_id,
    contact as contact_id,
    field as field_id,
    value,
    {{ utc_or_null('updated') }} as updated_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'field_values') }}
where read_of is null
{{ newest(['id'], 'pulled_at') }}
