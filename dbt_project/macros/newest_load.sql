{# The newest load that `relation` holds: its number (-1 where it holds none), whether it holds no other, and, where `day`
   names a date or a time, the first and the last of its rows' (none where they have none). Nothing is asked when a project
   is only parsed. #}
{% macro newest_load(relation, batch='batch', day='null') -%}
    {%- set values = [none, none, none, none] if not execute else run_query(
        'select max(' ~ batch ~ '), min(' ~ day ~ '), max(' ~ day ~ '), (select min(' ~ batch ~ ') from ' ~ relation ~ ') from ' ~ relation
        ~ ' where ' ~ batch ~ ' = (select max(newest.' ~ batch ~ ') from ' ~ relation ~ ' as newest)').rows[0] -%}
    {{ return({
        'batch': values[0] if values[0] is not none else -1,
        'is_only': values[0] is not none and values[0] == values[3],
        'first': values[1],
        'last': values[2],
    }) }}
{%- endmacro %}

{# Whether a date or a time lies between a week before the day of `first` and a week after the day of `last`, both literals. #}
{% macro within_a_week(day, first, last) -%}
    {{ day }} >= {{ dbt.dateadd('day', -7, "cast('" ~ first ~ "' as date)") }}
    and {{ day }} < {{ dbt.dateadd('day', 8, "cast('" ~ last ~ "' as date)") }}
{%- endmacro %}
