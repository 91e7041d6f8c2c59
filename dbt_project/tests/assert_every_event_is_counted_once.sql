-- Delivery is at least once; the union must lose no event of the newest load (that it repeats none is tested beside it).
select landed.event_id
from {{ ref('int_events__delivered') }} as landed
left join {{ ref('int_events__unioned') }} as events on landed.event_id = events.event_id
where landed.batch = (select max(newest.batch) from {{ ref('int_events__delivered') }} as newest)
    and events.event_id is null
