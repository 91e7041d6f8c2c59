-- One row per step of a journey's version and way out of it: how many stays took it, and after how long.
select
    journey,
    version,
    step_id,
    kind,
    branch,
    count(*) as left_count,
    {{ share_of('count(*)', 'max(all_count)') }} as share_of_left,
    {{ rounded(median('stayed_seconds') ~ ' / 3600', 3) }} as median_hours
from (
    select
        *,
        count(*) over (partition by journey, version, step_id) as all_count
    from {{ ref('int_journeys__passages') }}
    where left_at is not null
) as passages
group by journey, version, step_id, kind, branch
