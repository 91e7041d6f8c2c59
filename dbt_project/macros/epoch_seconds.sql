{# Whole seconds since 1970 of a UTC timestamp; sub-day differences are taken on these (never datediff). #}
{% macro epoch_seconds(moment) -%}
    {{ return(adapter.dispatch('epoch_seconds')(moment)) }}
{%- endmacro %}

{% macro duckdb__epoch_seconds(moment) -%}
    cast(floor(epoch({{ moment }})) as bigint)
{%- endmacro %}

{% macro spark__epoch_seconds(moment) -%}
    unix_timestamp(cast({{ moment }} as timestamp))
{%- endmacro %}
