{# A whole number from 0 to `below` - 1 that a text always gets, the same on every engine: for splits and samples. #}
{% macro number_of_text(text, below) -%}
    {{ return(adapter.dispatch('number_of_text')(text, below)) }}
{%- endmacro %}

{% macro duckdb__number_of_text(text, below) -%}
    cast(cast('0x' || substr(md5({{ text }}), 1, 7) as bigint) % {{ below }} as bigint)
{%- endmacro %}

{% macro spark__number_of_text(text, below) -%}
    cast(cast(conv(substr(md5({{ text }}), 1, 7), 16, 10) as bigint) % {{ below }} as bigint)
{%- endmacro %}
