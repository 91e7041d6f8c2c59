{# The letters of a text in order: equal for texts that differ only in where their letters stand. #}
{% macro sorted_letters(text) -%}
    {{ return(adapter.dispatch('sorted_letters')(text)) }}
{%- endmacro %}

{% macro duckdb__sorted_letters(text) -%}
    array_to_string(list_sort(string_split({{ text }}, '')), '')
{%- endmacro %}

{% macro spark__sorted_letters(text) -%}
    array_join(array_sort(split({{ text }}, '')), '')
{%- endmacro %}
