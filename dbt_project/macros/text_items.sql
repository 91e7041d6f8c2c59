{# The items of a text, one row each, without empty ones: `1;2` by `';'` (SQL). Use it as
   `cross join lateral (select text_items(text, separator) as item) as items`. #}
{% macro text_items(text, separator) -%}
    {{ return(adapter.dispatch('text_items')(text, separator)) }}
{%- endmacro %}

{% macro duckdb__text_items(text, separator) -%}
    unnest(list_filter(string_split({{ text }}, {{ separator }}), lambda x: trim(x) <> ''))
{%- endmacro %}

{% macro spark__text_items(text, separator) -%}
    explode(filter(split({{ text }}, {{ separator }}), x -> trim(x) <> ''))
{%- endmacro %}
