{# The UTC timestamp of an ISO 8601 text; an offset in it is honoured, none means UTC. #}
{% macro utc_from_text(text) -%}
    {{ return(adapter.dispatch('utc_from_text')(text)) }}
{%- endmacro %}

{% macro duckdb__utc_from_text(text) -%}
    cast(cast({{ text }} as timestamptz) as timestamp)
{%- endmacro %}

{% macro spark__utc_from_text(text) -%}
    cast({{ text }} as timestamp)
{%- endmacro %}
