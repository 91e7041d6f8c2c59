{# The UTC timestamp of seconds or milliseconds since 1970, whichever it must be; NULL for what is no moment before 2100. #}
{% macro moment_from_epoch(number) -%}
    case
        when {{ number }} between 1 and 4102444799 then {{ from_epoch_seconds(number) }}
        when {{ number }} between 100000000000 and 4102444799999 then {{ from_epoch_seconds(number ~ ' / 1000.0') }}
    end
{%- endmacro %}
