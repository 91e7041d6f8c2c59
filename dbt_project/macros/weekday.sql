{# The weekday of a moment, from 1 (Monday) to 7; the moment is after 1970. #}
{% macro weekday(moment) -%}
    cast(mod({{ dbt.datediff("cast('1970-01-05' as timestamp)", moment, 'day') }}, 7) + 1 as integer)
{%- endmacro %}
