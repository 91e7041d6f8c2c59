{# The UTC timestamp of an ISO 8601 text, NULL where it is none; an offset in it is honoured, none means UTC. #}
{% macro utc_or_null(text) -%}
    {{ return(adapter.dispatch('utc_or_null')(text)) }}
{%- endmacro %}

{% macro duckdb__utc_or_null(text) -%}
    cast(try_cast({{ text }} as timestamptz) as timestamp)
{%- endmacro %}

{% macro spark__utc_or_null(text) -%}
    try_to_timestamp({{ text }})
{%- endmacro %}
