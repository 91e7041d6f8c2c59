{# An exact percentile, interpolated, of a numeric column; `share` from 0 to 1. #}
{% macro percentile(column, share) -%}
    {{ return(adapter.dispatch('percentile')(column, share)) }}
{%- endmacro %}

{% macro duckdb__percentile(column, share) -%}
    quantile_cont({{ column }}, {{ share }})
{%- endmacro %}

{% macro spark__percentile(column, share) -%}
    percentile({{ column }}, {{ share }})
{%- endmacro %}
