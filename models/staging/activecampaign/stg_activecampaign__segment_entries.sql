-- One row per contact that came into a segment there.
select
    segment_id,
    segment_name as segment,
    contact_id,
    {{ normalize_email(json_text('contact', 'email')) }} as email,
    added_at,
    _batch as batch
from {{ source('activecampaign', 'segment_entries') }}
{{ newest(['segment_id', 'contact_id', 'added_at']) }}
