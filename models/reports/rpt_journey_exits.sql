-- One row per journey, version, way of ending and reason: how many stays ended so, and after how long.
select
    journey,
    version,
    status,
    coalesce(reason, 'none given') as reason,
    count(*) as ended_count,
    {{ share_of('count(*)', 'max(all_count)') }} as share_of_entered,
    {{ rounded(median('stayed_seconds') ~ ' / 3600', 3) }} as median_hours,
    max(ended_at) as last_ended_at
from (
    select
        journey,
        version,
        status,
        reason,
        ended_at,
        count(*) over (partition by journey, version) as all_count,
        {{ epoch_seconds('ended_at') }} - {{ epoch_seconds('entered_at') }} as stayed_seconds
    from {{ source('journeys', 'enrollments') }}
) as stays
where ended_at is not null
group by journey, version, status, coalesce(reason, 'none given')
