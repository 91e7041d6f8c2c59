-- One row per ten points of lead score: how many contacts.
select
    cast(floor(score / 10) * 10 as bigint) as score_from,
    count(*) as contact_count
from {{ ref('score_lead') }}
group by cast(floor(score / 10) * 10 as bigint)
