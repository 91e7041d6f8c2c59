-- One row per identity node, kind of event and day: what scoring and features count, kept by day.
{{ incremental_by_date('event_date') }}

with

events as (

    select * from {{ ref('int_events__unioned') }}
    where {{ only_touched_days(ref('int_events__unioned'), 'event_date') }}

)

select
    coalesce(user_node, anonymous_node) as node,
    case
        when event_type in ('page', 'screen') then 'visit'
        when event_name = 'Product Viewed' then 'product_view'
        when event_name = 'Product Added' then 'cart'
        when event_name = 'Checkout Started' then 'checkout'
        when event_name = 'Order Completed' then 'order'
        when event_name = 'Form Submitted' then 'form'
        else 'other'
    end as kind,
    count(*) as event_count,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at,
    max(batch) as batch,
    event_date
from events
where coalesce(user_node, anonymous_node) is not null
    and machine_evidence is null
group by 1, 2, event_date
