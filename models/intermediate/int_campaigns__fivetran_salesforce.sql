-- One row per contact or lead in a campaign of Salesforce: the audience that somebody chose, and who answered.
{{ config(materialized='ephemeral') }}

select
    'salesforce:' || members.person_key as record_node,
    members.member_key,
    coalesce(nullif(campaigns.name, ''), members.campaign_key) as campaign,
    coalesce(campaigns.kind, 'campaign') as kind,
    members.created_at as added_at,
    case
        when members.is_deleted then members.updated_at
        when campaigns.is_deleted then campaigns.updated_at
    end as removed_at,
    -- A time that later versions do not move: an event that moved would count twice.
    case when members.has_responded then coalesce(members.responded_at, members.created_at) end as responded_at,
    greatest(members.batch, coalesce(campaigns.batch, members.batch)) as batch
from {{ ref('stg_fivetran_salesforce__campaign_members') }} as members
left join {{ ref('stg_fivetran_salesforce__campaigns') }} as campaigns on members.campaign_key = campaigns.campaign_key
where members.person_key is not null
