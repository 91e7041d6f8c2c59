-- Delivery is at least once; the union must lose no event of the newest load (that it repeats none is tested beside it).
{% set delivered = ref('int_events__delivered') %}
{% set newest = newest_load(delivered, day='event_date') %}

select landed.event_id
from {{ delivered }} as landed
left join {{ ref('int_events__unioned') }} as events
    on landed.event_id = events.event_id
    {%- if newest.first is not none %}
    -- An event that was held before lies within the week in which it would have been looked for.
    and ({{ within_a_week('events.event_date', newest.first, newest.last) }} or events.event_date is null)
    {%- endif %}
where landed.batch = {{ newest.batch }}
    and events.event_id is null
