-- Delivery is at least once; the union must lose no event of the newest load (that it repeats none is tested beside it).
{% set delivered = ref('int_events__delivered') %}
{% set newest = run_query('select max(batch), min(event_date), max(event_date) from ' ~ delivered
    ~ ' where batch = (select max(newest.batch) from ' ~ delivered ~ ' as newest)').columns if execute else none %}
{% set batch = newest[0].values()[0] if newest else none %}

select landed.event_id
from {{ delivered }} as landed
left join {{ ref('int_events__unioned') }} as events
    on landed.event_id = events.event_id
    {%- if newest and newest[1].values()[0] is not none %}
    -- An event that was held before lies within the week in which it would have been looked for.
    and (events.event_date between {{ dbt.dateadd('day', -7, "cast('" ~ newest[1].values()[0] ~ "' as date)") }}
        and {{ dbt.dateadd('day', 7, "cast('" ~ newest[2].values()[0] ~ "' as date)") }} or events.event_date is null)
    {%- endif %}
where landed.batch = {{ batch if batch is not none else -1 }}
    and events.event_id is null
