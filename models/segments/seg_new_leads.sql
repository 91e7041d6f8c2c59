-- One row per lead that was created in the last 14 days.
{{ config(meta={'segment': {'label': 'New leads', 'why': 'Greet them while they remember signing up'}}) }}

with

contacts as (

    select * from {{ ref('dim_contacts') }}

)

select
    contact_id,
    'created ' || cast(cast(created_at as date) as {{ dbt.type_string() }}) as reason,
    created_at as since
from contacts
where lifecycle = 'lead'
    and created_at > {{ dbt.dateadd('day', -14, as_of()) }}
    and created_at <= {{ as_of() }}
