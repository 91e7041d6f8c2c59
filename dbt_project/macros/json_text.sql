{# The text of one value in a JSON column by dotted path (`a.b`, `a[0]`, `[0]`), NULL where it is missing. #}
{% macro json_text(column, path) -%}
    {{ return(adapter.dispatch('json_text')(column, path)) }}
{%- endmacro %}

{% macro duckdb__json_text(column, path) -%}
    json_extract_string({{ column }}, '${{ '' if path.startswith('[') else '.' }}{{ path }}')
{%- endmacro %}

{% macro spark__json_text(column, path) -%}
    get_json_object({{ column }}, '${{ '' if path.startswith('[') else '.' }}{{ path }}')
{%- endmacro %}
