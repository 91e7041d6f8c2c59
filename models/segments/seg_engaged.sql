-- One row per contact who visited, opened or clicked in the last 30 days and did not leave.
{{ config(meta={'segment': {'label': 'Engaged', 'why': 'Safe to write to: they show that they listen'}}) }}

with

contacts as (

    select * from {{ ref('dim_contacts') }}

)

select
    contact_id,
    'last active ' || cast(cast(last_active_at as date) as {{ dbt.type_string() }}) as reason,
    last_active_at as since
from contacts
where last_active_at > {{ dbt.dateadd('day', -30, as_of()) }}
    and email_suppression is null
