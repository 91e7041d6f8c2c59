-- One row per device (or user without one), source and day seen: when it first reached each step of buying, in order.
{{ incremental_by_date('event_date') }}
{% set node = 'coalesce(anonymous_node, user_node)' %}
{% set counted = node ~ ' is not null and machine_evidence is null and '
    ~ only_touched_days(ref('int_events__unioned'), 'event_date') %}
{% set same_day = 'steps.node = before.node and steps.source = before.source and steps.event_date = before.event_date' %}

with

-- Whatever a device does on the site, it visits it: pages, or one of the steps.
visits as (

    select
        {{ node }} as node, source, event_date,
        min(occurred_at) as visited_at,
        min(case when event_name = 'Product Viewed' then occurred_at end) as viewed_at,
        cast(sum(case when event_name = 'Order Completed' then 1 else 0 end) as bigint) as order_event_count,
        max(batch) as batch
    from {{ ref('int_events__unioned') }}
    where {{ counted }}
        and (event_type in ('page', 'screen')
            or event_name in ('Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'))
    group by 1, 2, 3

),

links as (

    select {{ node }} as node, source, event_date, min_by(page_url, (occurred_at, page_url)) as campaign_url
    from {{ ref('int_events__unioned') }}
    where {{ counted }} and page_url like '%utm_%'
    group by 1, 2, 3

),

steps as (

    select {{ node }} as node, source, event_name, occurred_at, event_date
    from {{ ref('int_events__unioned') }}
    where {{ counted }} and event_name in ('Product Added', 'Checkout Started', 'Order Completed')

),

carts as (

    select before.node, before.source, before.event_date, min(steps.occurred_at) as carted_at
    from visits as before
    inner join steps on {{ same_day }} and steps.event_name = 'Product Added' and steps.occurred_at >= before.viewed_at
    group by before.node, before.source, before.event_date

),

checkouts as (

    select before.node, before.source, before.event_date, before.carted_at,
        min(case when steps.occurred_at >= before.carted_at then steps.occurred_at end) as checked_out_at
    from carts as before
    left join steps on {{ same_day }} and steps.event_name = 'Checkout Started'
    group by before.node, before.source, before.event_date, before.carted_at

),

-- After a checkout where there was one; the report knows which sources tell of none.
orders as (

    select before.node, before.source, before.event_date, before.carted_at, before.checked_out_at,
        min(case when steps.occurred_at >= coalesce(before.checked_out_at, before.carted_at) then steps.occurred_at end) as ordered_at
    from checkouts as before
    left join steps on {{ same_day }} and steps.event_name = 'Order Completed'
    group by before.node, before.source, before.event_date, before.carted_at, before.checked_out_at

)

select
    visits.node, visits.source, links.campaign_url,
    visits.visited_at, visits.viewed_at, orders.carted_at, orders.checked_out_at, orders.ordered_at,
    visits.order_event_count, visits.batch, visits.event_date
from visits
left join links on visits.node = links.node and visits.source = links.source and visits.event_date = links.event_date
left join orders on visits.node = orders.node and visits.source = orders.source and visits.event_date = orders.event_date
