{# One count as a share of another, six digits; NULL when there is nothing to divide by. #}
{% macro share_of(part, whole) -%}
    {{ rounded('cast(' ~ part ~ ' as double) / nullif(' ~ whole ~ ', 0)', 6) }}
{%- endmacro %}
