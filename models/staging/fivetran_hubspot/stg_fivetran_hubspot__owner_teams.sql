-- One row per HubSpot owner who is in a team: the first team, by name.
{{ config(materialized='ephemeral') }}

with

teams as (

    select id, name from {{ source('fivetran_hubspot', 'team') }}
    {{ newest(['id'], '_fivetran_synced') }}

),

members as (

    select owner_id, team_id, is_team_primary, _fivetran_deleted from {{ source('fivetran_hubspot', 'owner_team') }}
    {{ newest(['owner_id', 'team_id'], '_fivetran_synced') }}

)

select
    members.owner_id as owner_key,
    coalesce(teams.name, members.team_id) as team
from members
left join teams on members.team_id = teams.id
where not coalesce(members._fivetran_deleted, false)
qualify row_number() over (
    partition by members.owner_id
    order by case when members.is_team_primary then 0 else 1 end, members.team_id nulls last
) = 1
