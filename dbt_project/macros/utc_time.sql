{# The UTC timestamp of a wall-clock time in an IANA zone. #}
{% macro utc_time(wall_clock, zone) -%}
    {{ return(adapter.dispatch('utc_time')(wall_clock, zone)) }}
{%- endmacro %}

{% macro duckdb__utc_time(wall_clock, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ wall_clock }}))
{%- endmacro %}

{% macro spark__utc_time(wall_clock, zone) -%}
    to_utc_timestamp({{ wall_clock }}, {{ zone }})
{%- endmacro %}
