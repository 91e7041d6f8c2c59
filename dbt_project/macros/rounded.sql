{# A number to so many digits, the same on every engine: of what lies between two doubles, such as 2.87375, `round` makes
   2.8737 on one and 2.8738 on another. #}
{% macro rounded(value, digits) -%}
    (floor(cast({{ value }} as double) * {{ 10 ** digits }} + 0.5) / {{ 10 ** digits }})
{%- endmacro %}
