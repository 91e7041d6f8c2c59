-- One row per owner and day with a landmark: deals won and closed before that day.
with

closings as (

    select
        owner_id,
        cast(closed_at as date) as closed_on,
        count(*) as closed_count,
        sum(case when status = 'won' then 1 else 0 end) as won_count
    from {{ ref('int_deals__unioned') }}
    where status in ('won', 'lost') and closed_at <= {{ as_of() }} and owner_id is not null
    group by 1, 2

),

cumulative as (

    select
        owner_id,
        closed_on,
        sum(closed_count) over (partition by owner_id order by closed_on nulls last) as closed_count,
        sum(won_count) over (partition by owner_id order by closed_on nulls last) as won_count,
        lead(closed_on) over (partition by owner_id order by closed_on nulls last) as next_closed_on
    from closings

),

landmarks as (

    select distinct owner_id, cast(snapshot_at as date) as snapshot_on
    from {{ ref('int_deals__landmarks') }}
    where owner_id is not null

)

select
    landmarks.owner_id,
    landmarks.snapshot_on,
    cast(coalesce(cumulative.closed_count, 0) as bigint) as closed_count,
    cast(coalesce(cumulative.won_count, 0) as bigint) as won_count
from landmarks
left join cumulative
    on landmarks.owner_id = cumulative.owner_id
    and cumulative.closed_on < landmarks.snapshot_on
    and (cumulative.next_closed_on is null or cumulative.next_closed_on >= landmarks.snapshot_on)
