-- One row per segment: members now, and who entered and left at the newest build.
select
    segment,
    cast(sum(case when left_at is null then 1 else 0 end) as bigint) as member_count,
    cast(sum(case when entered_at = {{ as_of() }} then 1 else 0 end) as bigint) as entered_count,
    cast(sum(case when left_at = {{ as_of() }} then 1 else 0 end) as bigint) as left_count
from {{ ref('segment_memberships') }}
group by segment
