-- One row per tag on a contact, as last read.
select
    id as contact_tag_id,
    contact as contact_id,
    tag as tag_id,
    {{ utc_or_null('created') }} as added_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'contact_tags') }}
where read_of is null
{{ newest(['id'], 'pulled_at') }}
