{# The texts of several keys of a JSON column as one struct, read in one pass: `(…).key`, NULL where one is missing. #}
{% macro json_fields(column, keys) -%}
    {{ return(adapter.dispatch('json_fields')(column, keys)) }}
{%- endmacro %}

{% macro duckdb__json_fields(column, keys) -%}
    json_transform({{ column }}, '{ {%- for key in keys %}"{{ key }}": "VARCHAR"{{ ', ' if not loop.last }}{% endfor -%} }')
{%- endmacro %}

{% macro spark__json_fields(column, keys) -%}
    from_json({{ column }}, '{% for key in keys %}{{ key }} string{{ ', ' if not loop.last }}{% endfor %}')
{%- endmacro %}
