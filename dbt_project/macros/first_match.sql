{# What the first group of a regular expression matched, '' where nothing did. #}
{% macro first_match(text, pattern) -%}
    {{ return(adapter.dispatch('first_match')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__first_match(text, pattern) -%}
    regexp_extract({{ text }}, '{{ pattern }}', 1)
{%- endmacro %}

{% macro spark__first_match(text, pattern) -%}
    regexp_extract({{ text }}, '{{ pattern }}', 1)
{%- endmacro %}
