-- One row per salesperson, role (owner, creator) and day with a landmark: their deals won and closed before that day, and all.
with

closed as (

    select deal_id, owner_id, creator_id, cast(closed_at as date) as closed_on, case when status = 'won' then 1 else 0 end as won
    from {{ ref('int_deals__unioned') }}
    where status in ('won', 'lost') and closed_at <= {{ as_of() }}

),

-- A deal counts for who owned it when it was won or lost.
people as (

    select 'owner' as role, coalesce(spans.owner_id, closed.owner_id) as person_id, closed.closed_on, closed.won
    from closed
    left join {{ ref('int_deals__spans') }} as spans
        on closed.deal_id = spans.deal_id
        and closed.closed_on >= cast(spans.holds_from as date)
        and (spans.holds_until is null or closed.closed_on < cast(spans.holds_until as date))
    union all
    select 'creator', creator_id, closed_on, won from closed
    union all
    select 'everybody', 'everybody', closed_on, won from closed

),

days as (

    select role, person_id, closed_on, count(*) as closed_count, sum(won) as won_count
    from people
    where person_id is not null
    group by role, person_id, closed_on

),

cumulative as (

    select
        role,
        person_id,
        closed_on,
        sum(closed_count) over (partition by role, person_id order by closed_on nulls last) as closed_count,
        sum(won_count) over (partition by role, person_id order by closed_on nulls last) as won_count,
        lead(closed_on) over (partition by role, person_id order by closed_on nulls last) as next_closed_on
    from days

),

landmarks as (

    select 'owner' as role, owner_id as person_id, cast(snapshot_at as date) as snapshot_on from {{ ref('int_deals__landmarks') }}
    union
    select 'creator', creator_id, cast(snapshot_at as date) from {{ ref('int_deals__landmarks') }}
    union
    select 'everybody', 'everybody', cast(snapshot_at as date) from {{ ref('int_deals__landmarks') }}

)

select
    landmarks.role,
    landmarks.person_id,
    landmarks.snapshot_on,
    cast(coalesce(cumulative.closed_count, 0) as bigint) as closed_count,
    cast(coalesce(cumulative.won_count, 0) as bigint) as won_count
from landmarks
left join cumulative
    on landmarks.role = cumulative.role
    and landmarks.person_id = cumulative.person_id
    and cumulative.closed_on < landmarks.snapshot_on
    and (cumulative.next_closed_on is null or cumulative.next_closed_on >= landmarks.snapshot_on)
where landmarks.person_id is not null
