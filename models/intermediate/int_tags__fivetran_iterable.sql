-- One row per user on a list of Iterable, in the canonical columns of a tag: being on a list is no consent.
{{ config(materialized='ephemeral') }}

select
    'iterable:' || users.person_key as record_node,
    'iterable' as source,
    'list: ' || lower(coalesce(lists.name, users.list_id)) as tag,
    users.added_at,
    users.removed_at,
    users.batch
from {{ ref('stg_fivetran_iterable__list_users') }} as users
left join {{ ref('stg_fivetran_iterable__lists') }} as lists on users.list_id = lists.list_id
