-- One row per user of Salesforce with the role, as Fivetran last wrote it; whoever left keeps the name, as their deals remain.
{{ config(materialized='ephemeral') }}

with

roles as (

    select id, name from {{ source('fivetran_salesforce', 'user_role') }}
    {{ newest(["id"], "coalesce(_fivetran_start, _fivetran_synced)") }}

),

users as (

    select id, name, first_name, last_name, email, user_role_id, country, _batch
    from {{ source('fivetran_salesforce', 'user') }}
    {{ newest(["id"], "coalesce(_fivetran_start, _fivetran_synced)") }}

)

select
    users.id as owner_key,
    coalesce(
        nullif(trim(users.name), ''),
        nullif(trim(coalesce(users.first_name, '') || ' ' || coalesce(users.last_name, '')), '')
    ) as name,
    {{ normalize_email('users.email') }} as email,
    roles.name as team,
    users.country as region,
    users._batch as batch
from users
left join roles on users.user_role_id = roles.id
