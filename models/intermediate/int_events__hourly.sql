-- One row per identity node and UTC hour with visits, product views or orders: when people are active, kept by day.
{{ incremental_by_date('event_date') }}

with

events as (

    select * from {{ ref('int_events__unioned') }}
    where {{ only_touched_days(ref('int_events__unioned'), 'event_date') }}

)

select
    coalesce(user_node, anonymous_node) as node,
    date_trunc('hour', occurred_at) as hour_at,
    count(*) as event_count,
    max(batch) as batch,
    event_date
from events
where coalesce(user_node, anonymous_node) is not null
    and machine_evidence is null
    and (event_type in ('page', 'screen') or event_name in ('Product Viewed', 'Order Completed'))
group by 1, 2, event_date
