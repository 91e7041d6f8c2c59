{# The wall-clock time of a UTC timestamp in an IANA zone (a column or a literal). #}
{% macro local_time(moment, zone) -%}
    {{ return(adapter.dispatch('local_time')(moment, zone)) }}
{%- endmacro %}

{% macro duckdb__local_time(moment, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ moment }}))
{%- endmacro %}

{% macro spark__local_time(moment, zone) -%}
    from_utc_timestamp({{ moment }}, {{ zone }})
{%- endmacro %}
