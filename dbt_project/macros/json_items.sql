{# The items of a JSON array, one row each, as text: strings without quotes, objects as JSON. Use it as
   `cross join lateral (select json_items(array) as item) as items`; an empty or missing array has no rows. #}
{% macro json_items(array) -%}
    {{ return(adapter.dispatch('json_items')(array)) }}
{%- endmacro %}

{% macro duckdb__json_items(array) -%}
    unnest(json_extract_string({{ array }}, '$[*]'))
{%- endmacro %}

{% macro spark__json_items(array) -%}
    explode(from_json({{ array }}, 'array<string>'))
{%- endmacro %}
