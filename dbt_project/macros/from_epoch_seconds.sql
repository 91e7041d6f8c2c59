{# The UTC timestamp of whole seconds since 1970. #}
{% macro from_epoch_seconds(seconds) -%}
    {{ return(adapter.dispatch('from_epoch_seconds')(seconds)) }}
{%- endmacro %}

{% macro duckdb__from_epoch_seconds(seconds) -%}
    cast(to_timestamp({{ seconds }}) as timestamp)
{%- endmacro %}

{% macro spark__from_epoch_seconds(seconds) -%}
    timestamp_seconds({{ seconds }})
{%- endmacro %}
