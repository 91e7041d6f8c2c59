{# An amount, text or number, in whole cents; NULL where it is none or too large: one odd value must not stop a build. #}
{% macro cents_or_null(amount) -%}
    {{ number_or_null('round(100 * ' ~ number_or_null(amount) ~ ')', 'bigint') }}
{%- endmacro %}
