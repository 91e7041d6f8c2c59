-- One row per tag in use: how many contacts carry it, and whether anybody declared it.
select
    tag,
    is_declared,
    max(tag_owner) as tag_owner,
    count(*) as contact_count
from {{ ref('dim_contact_tags') }}
group by tag, is_declared
