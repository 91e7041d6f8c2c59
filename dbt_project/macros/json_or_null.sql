{# Text as JSON that `json_text` can look into, NULL where it is no JSON. #}
{% macro json_or_null(text) -%}
    {{ return(adapter.dispatch('json_or_null')(text)) }}
{%- endmacro %}

{% macro duckdb__json_or_null(text) -%}
    try_cast({{ text }} as json)
{%- endmacro %}

{# Spark keeps JSON as text, and looking into what is none gives NULL. #}
{% macro spark__json_or_null(text) -%}
    {{ text }}
{%- endmacro %}
