{# Whether the keys that the newest load touched occur once in the whole table. Rows of earlier loads were judged when
   they came, so the cost follows what is new.
   `day`, where rows of one key lie near each other in time, is a date or a time: only a week around the newest rows' is
   searched. #}
{% test unique_lately(model, column_name, batch='batch', day=none) %}

{%- set newest = run_query('select max(' ~ batch ~ ')'
    ~ (', min(' ~ day ~ '), max(' ~ day ~ ')' if day else '')
    ~ ' from ' ~ model ~ ' where ' ~ batch ~ ' = (select max(' ~ batch ~ ') from ' ~ model ~ ')').columns if execute else none %}
{%- set batch_now = newest[0].values()[0] if newest else none %}

select {{ column_name }}
from {{ model }}
where {{ column_name }} in (
    select lately.{{ column_name }} from {{ model }} as lately
    where lately.{{ batch }} = {{ batch_now if batch_now is not none else '-1' }}
)
{%- if day and newest and newest[1].values()[0] is not none %}
    and ({{ day }} between {{ dbt.dateadd('day', -7, "cast('" ~ newest[1].values()[0] ~ "' as date)") }}
        and {{ dbt.dateadd('day', 8, "cast('" ~ newest[2].values()[0] ~ "' as date)") }} or {{ day }} is null)
{%- endif %}
group by {{ column_name }}
having count(*) > 1

{% endtest %}
