-- One row per person on a list of Klaviyo, in the canonical columns of a tag: being on a list is no consent.
{{ config(materialized='ephemeral') }}

select
    'klaviyo:' || people.person_key as record_node,
    'klaviyo' as source,
    'list: ' || lower(coalesce(lists.name, people.list_id)) as tag,
    people.added_at,
    people.removed_at,
    people.batch
from {{ ref('stg_fivetran_klaviyo__list_people') }} as people
left join {{ ref('stg_fivetran_klaviyo__lists') }} as lists on people.list_id = lists.list_id
