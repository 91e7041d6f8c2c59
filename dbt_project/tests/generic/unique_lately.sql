{# Whether the keys that the newest load touched occur once in the whole table. Rows of earlier loads were judged when
   they came, so the cost follows what is new.
   `day`, where rows of one key lie near each other in time, is a date or a time: only a week around the newest rows' is
   searched. Repeats are looked for among short hashes, which are cheaper to group than texts; what shares one is told apart. #}
{% test unique_lately(model, column_name, batch='batch', day=none) %}

{%- set newest = newest_load(model, batch, day or 'null') %}
{%- set nearby -%}
    {{ column_name }} is not null
    {%- if newest.first is not none %}
        and ({{ within_a_week(day, newest.first, newest.last) }} or {{ day }} is null)
    {%- endif %}
{%- endset %}

select {{ column_name }}
from {{ model }}
where {{ nearby }}
    and {{ short_hash(column_name) }} in (
        select {{ short_hash(column_name) }} from {{ model }}
        where {{ nearby }}
            {%- if not newest.is_only %}
            and {{ short_hash(column_name) }} in (
                select {{ short_hash('lately.' ~ column_name) }} from {{ model }} as lately
                where lately.{{ batch }} = {{ newest.batch }}
            )
            {%- endif %}
        group by {{ short_hash(column_name) }}
        having count(*) > 1
    )
group by {{ column_name }}
having count(*) > 1

{% endtest %}
