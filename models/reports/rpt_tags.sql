-- One row per tag that is in use or declared: who carries it, since when, from where, and what an undeclared one may mean.
with

used as (

    select
        contact_tags.tag,
        count(*) as contact_count,
        min(contact_tags.added_at) as first_added_at,
        max(contact_tags.added_at) as last_added_at
    from {{ ref('dim_contact_tags') }} as contact_tags
    group by contact_tags.tag

),

origins as (

    select tag, {{ sorted_list('source') }} as sources
    from {{ ref('int_tags__unioned') }}
    where removed_at is null
    group by tag

),

-- A declared tag one or two letters off, or the same but for case and spaces.
near as (

    select
        used.tag,
        taxonomy.tag as likely_tag,
        {{ edit_distance("replace(lower(used.tag), ' ', '-')", 'taxonomy.tag') }} as distance,
        case when length(taxonomy.tag) > 5 then 2 else 1 end as most
    from used
    inner join {{ ref('tag_taxonomy') }} as taxonomy on used.tag <> taxonomy.tag

),

meant as (

    select tag, likely_tag from near
    where distance <= most
    qualify row_number() over (partition by tag order by distance nulls last, likely_tag nulls last) = 1

)

select
    coalesce(used.tag, taxonomy.tag) as tag,
    taxonomy.tag is not null as is_declared,
    taxonomy.owner as tag_owner,
    taxonomy.category,
    taxonomy.meaning,
    coalesce(used.contact_count, 0) as contact_count,
    used.first_added_at,
    used.last_added_at,
    origins.sources,
    case when taxonomy.tag is null then meant.likely_tag end as likely_tag
from used
full outer join {{ ref('tag_taxonomy') }} as taxonomy on used.tag = taxonomy.tag
left join origins on used.tag = origins.tag
left join meant on used.tag = meant.tag
