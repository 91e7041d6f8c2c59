-- One row per tag put on a contact of ActiveCampaign, in the canonical columns of a tag.
{{ config(materialized='ephemeral') }}

with

links as (

    select * from {{ ref('stg_activecampaign__contact_tags') }}

),

-- The first reading of the contact's tags that did not show it any more.
removals as (

    select
        links.contact_tag_id,
        min(readings.pulled_at) as removed_at
    from links
    inner join {{ ref('stg_activecampaign__readings') }} as readings
        on (links.contact_id = readings.contact_id or readings.contact_id = '*')
        and readings.table_name = 'contact_tags'
        and links.pulled_at < readings.pulled_at
    group by links.contact_tag_id

)

select
    'activecampaign:' || links.contact_id as record_node,
    'activecampaign' as source,
    tags.tag,
    coalesce(links.added_at, links.pulled_at) as added_at,
    removals.removed_at,
    links.batch
from links
inner join {{ ref('stg_activecampaign__tags') }} as tags on links.tag_id = tags.tag_id
left join removals on links.contact_tag_id = removals.contact_tag_id
where links.contact_id is not null and tags.tag is not null
