-- One row per list of Iterable and user on it, by the tables of lists and by what users' newest versions name.
{{ config(materialized='ephemeral') }}

with

members as (

    -- Some connections make this table's key of the user and the list.
    select
        list_id,
        coalesce(replace(_fivetran_id, '-' || list_id, ''), lower(trim(email))) as person_key,
        min(_fivetran_synced) over (partition by list_id, coalesce(_fivetran_id, email)) as added_at,
        case when coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) then _fivetran_synced end as removed_at,
        _batch as batch
    from {{ source('fivetran_iterable', 'list_user') }}
    {{ newest(['list_id', 'coalesce(_fivetran_id, email)'], '_fivetran_synced') }}

),

-- In the older tables each change of a user writes all of the lists anew: the newest change holds.
versions as (

    select
        list_id,
        coalesce(_fivetran_id, lower(trim(email))) as person_key,
        updated_at,
        max(updated_at) over (partition by coalesce(_fivetran_id, lower(trim(email)))) as newest_at,
        _batch as batch
    from {{ source('fivetran_iterable', 'list_user_history') }}

),

users as (

    select
        coalesce(_fivetran_id, lower(trim(email))) as person_key,
        {{ json_or_null('email_list_ids') }} as list_ids,
        updated_at,
        _batch as batch
    from {{ source('fivetran_iterable', 'user_history') }}
    {{ newest(["coalesce(_fivetran_id, lower(trim(email)))"], "coalesce(updated_at, _fivetran_synced)") }}

),

named as (

    select items.item as list_id, users.person_key, users.updated_at as added_at, users.batch
    from users
    cross join lateral (select {{ json_items('users.list_ids') }} as item) as items

),

all_of_them as (

    select list_id, person_key, added_at, removed_at, batch from members
    union all
    select list_id, person_key, updated_at, case when updated_at < newest_at then newest_at end, batch from versions
    union all
    select list_id, person_key, added_at, cast(null as timestamp), batch from named

)

select
    list_id,
    person_key,
    min(added_at) as added_at,
    case when count(*) = count(removed_at) then max(removed_at) end as removed_at,
    max(batch) as batch
from all_of_them
where list_id is not null and person_key is not null
group by list_id, person_key
