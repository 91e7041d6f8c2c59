-- One row per contact and tag that is on now, and whether the tag is declared in the taxonomy.
with

tags as (

    select
        nodes.contact_id,
        tags.tag,
        max(tags.added_at) as added_at
    from {{ ref('int_tags__unioned') }} as tags
    inner join {{ ref('int_identity__nodes') }} as nodes on tags.record_node = nodes.node
    where tags.removed_at is null
    group by nodes.contact_id, tags.tag

)

select
    tags.contact_id,
    tags.tag,
    tags.added_at,
    taxonomy.tag is not null as is_declared,
    taxonomy.owner as tag_owner
from tags
left join {{ ref('tag_taxonomy') }} as taxonomy on tags.tag = taxonomy.tag
