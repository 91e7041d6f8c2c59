{# Whether the keys that the newest load touched occur once in the whole table. Rows of earlier loads were judged when
   they came, so the cost follows what is new.
   `day`, where rows of one key lie near each other in time, is a date or a time: only a week around the newest rows' is
   searched. #}
{% test unique_lately(model, column_name, batch='batch', day=none) %}

{%- set newest = newest_load(model, batch, day or 'null') %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} in (
    select lately.{{ column_name }} from {{ model }} as lately
    where lately.{{ batch }} = {{ newest.batch }}
)
{%- if newest.first is not none %}
    and ({{ within_a_week(day, newest.first, newest.last) }} or {{ day }} is null)
{%- endif %}
group by {{ column_name }}
having count(*) > 1

{% endtest %}
