-- Delivery is at least once; the union must hold each event exactly once and lose none.
select 'lost' as problem, count(*) as row_count
from (select distinct message_id from {{ ref('stg_segment__events') }}) as landed
left join {{ ref('int_events__unioned') }} as events on landed.message_id = events.event_id
where events.event_id is null
having count(*) > 0
