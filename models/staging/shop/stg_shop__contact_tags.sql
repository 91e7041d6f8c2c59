-- One row per tag put on a contact, by its normalised name.
select
    contact_id,
    lower(trim(tag)) as tag,
    added_at,
    removed_at,
    _batch as batch
from {{ source('shop', 'contact_tags') }}
{{ newest(['contact_id', 'lower(trim(tag))', 'added_at'], 'removed_at') }}
