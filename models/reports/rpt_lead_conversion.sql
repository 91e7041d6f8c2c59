-- One row per tenth of conversion probability, highest first: leads, what is expected of them, and the mean rule score beside it.
with

leads as (

    select
        scores.*,
        cast(least(9, floor(scores.conversion_probability * 10)) as bigint) as tenth,
        points.score
    from {{ ref('score_lead_conversion') }} as scores
    left join {{ ref('score_lead') }} as points on scores.contact_id = points.contact_id

)

select
    tenth / cast(10 as double) as probability_from,
    count(*) as lead_count,
    cast(sum(case when is_fallback then 1 else 0 end) as bigint) as fallback_count,
    {{ rounded('avg(conversion_probability)', 4) }} as mean_probability,
    {{ rounded('sum(conversion_probability)', 2) }} as expected_conversions,
    {{ rounded('avg(cast(score as double))', 2) }} as mean_rule_score
from leads
group by tenth
