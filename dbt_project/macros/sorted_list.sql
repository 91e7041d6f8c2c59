{# The distinct values of a text column, sorted, joined by a comma; never relies on the order rows arrive in. #}
{% macro sorted_list(column) -%}
    {{ return(adapter.dispatch('sorted_list')(column)) }}
{%- endmacro %}

{% macro duckdb__sorted_list(column) -%}
    array_to_string(list_sort(list(distinct {{ column }})), ',')
{%- endmacro %}

{% macro spark__sorted_list(column) -%}
    array_join(array_sort(collect_set({{ column }})), ',')
{%- endmacro %}
