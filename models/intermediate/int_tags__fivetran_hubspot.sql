-- One row per HubSpot list and contact on it, in the canonical columns of a tag: being on a list is nobody's consent.
{{ config(materialized='ephemeral') }}

select
    'hubspot:' || members.contact_key as record_node,
    'hubspot' as source,
    'list: ' || lower(coalesce(nullif(lists.name, ''), members.list_key)) as tag,
    members.added_at,
    coalesce(members.removed_at, case when lists.is_deleted then lists.synced_at end) as removed_at,
    greatest(members.batch, coalesce(lists.batch, members.batch)) as batch
from {{ ref('stg_fivetran_hubspot__list_members') }} as members
left join {{ ref('stg_fivetran_hubspot__lists') }} as lists on members.list_key = lists.list_key
