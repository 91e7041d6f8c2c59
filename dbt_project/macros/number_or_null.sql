{# A text or number as a double or bigint, NULL where it is or fits none: one odd value must not stop a build. #}
{% macro number_or_null(text, type='double') -%}
    {{ return(adapter.dispatch('number_or_null')(text, type)) }}
{%- endmacro %}

{% macro duckdb__number_or_null(text, type) -%}
    try_cast({{ text }} as {{ type }})
{%- endmacro %}

{% macro spark__number_or_null(text, type) -%}
    try_cast({{ text }} as {{ type }})
{%- endmacro %}
