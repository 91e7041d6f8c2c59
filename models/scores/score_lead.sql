-- One row per contact: the lead score, 0 to 100, as the sum of its explained contributions.
{{ config(meta={'history': {'key': 'contact_id', 'value': 'score'}}) }}

with

contributions as (

    select
        contact_id,
        sum(case when category = 'fit' then points else 0 end) as fit_points,
        sum(case when category = 'engagement' then points else 0 end) as engagement_points
    from {{ ref('score_lead_contributions') }}
    group by contact_id

)

select
    contacts.contact_id,
    cast(greatest(0, least(100, coalesce(contributions.fit_points, 0) + coalesce(contributions.engagement_points, 0))) as bigint) as score,
    cast(coalesce(contributions.fit_points, 0) as bigint) as fit_points,
    cast(coalesce(contributions.engagement_points, 0) as bigint) as engagement_points,
    {{ as_of() }} as scored_at
from {{ ref('dim_contacts') }} as contacts
left join contributions on contacts.contact_id = contributions.contact_id
