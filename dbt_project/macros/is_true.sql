{# Whether a text says yes, as warehouses and forms spell it; what it does not say is no. #}
{% macro is_true(text) -%}
    coalesce(lower(trim({{ text }})) in ('true', 't', 'yes', 'y', '1'), false)
{%- endmacro %}
