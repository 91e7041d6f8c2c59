{# The part of a text that one group of a regular expression matched, '' where nothing did (write [0-9], not \d). #}
{% macro extract_pattern(text, pattern, group) -%}
    {{ return(adapter.dispatch('extract_pattern')(text, pattern, group)) }}
{%- endmacro %}

{% macro duckdb__extract_pattern(text, pattern, group) -%}
    regexp_extract({{ text }}, '{{ pattern }}', {{ group }})
{%- endmacro %}

{% macro spark__extract_pattern(text, pattern, group) -%}
    regexp_extract({{ text }}, '{{ pattern }}', {{ group }})
{%- endmacro %}
