-- One row per lead with a score of 40 or more who may be contacted.
{{ config(meta={'segment': {'label': 'Hot leads', 'why': 'Sales should call them today'}}) }}

with

scores as (

    select * from {{ ref('score_lead') }}

),

contacts as (

    select * from {{ ref('dim_contacts') }}

)

select
    scores.contact_id,
    'score ' || cast(scores.score as {{ dbt.type_string() }}) as reason,
    contacts.last_active_at as since
from scores
inner join contacts on scores.contact_id = contacts.contact_id
where scores.score >= 40
    and contacts.lifecycle = 'lead'
    and contacts.email_suppression is null
