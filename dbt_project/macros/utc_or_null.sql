{# The UTC timestamp of an ISO 8601 text, NULL for what is no time (`0000-00-00 00:00:00`, ''); no offset means UTC. #}
{% macro utc_or_null(text) -%}
    {{ return(adapter.dispatch('utc_or_null')(text)) }}
{%- endmacro %}

{% macro duckdb__utc_or_null(text) -%}
    cast(try_cast({{ text }} as timestamptz) as timestamp)
{%- endmacro %}

{% macro spark__utc_or_null(text) -%}
    try_to_timestamp({{ text }})
{%- endmacro %}
