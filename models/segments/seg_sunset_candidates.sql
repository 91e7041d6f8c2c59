-- One row per contact who got ten messages or more in 180 days and reacted to none, nor visited.
{{ config(meta={'segment': {'label': 'Sunset candidates', 'why': 'They cost money and reputation: ask once, then stop'}}) }}

with

contacts as (

    select * from {{ ref('dim_contacts') }}

),

engagement as (

    select contact_id, delivered_180d, last_delivered_at from {{ ref('int_contacts__engagement') }}

)

select
    contacts.contact_id,
    cast(engagement.delivered_180d as {{ dbt.type_string() }}) || ' messages in 180 days, no reaction' as reason,
    engagement.last_delivered_at as since
from contacts
inner join engagement on contacts.contact_id = engagement.contact_id
where {{ never_answers('engagement.delivered_180d', 'contacts.last_active_at') }}
    and contacts.email_suppression is null
