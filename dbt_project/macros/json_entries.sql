{# The entries of a JSON object that have a value, one row each, as `key=value`. Use it as
   `cross join lateral (select json_entries(object) as entry) as entries`. #}
{% macro json_entries(object) -%}
    {{ return(adapter.dispatch('json_entries')(object)) }}
{%- endmacro %}

{% macro duckdb__json_entries(object) -%}
    unnest(list_transform(
        json_keys({{ object }}), lambda k: k || '=' || json_extract_string({{ object }}, '$."' || k || '"')
    ))
{%- endmacro %}

{% macro spark__json_entries(object) -%}
    explode(transform(
        map_entries(from_json({{ object }}, 'map<string,string>')), e -> concat(e.key, '=', e.value)
    ))
{%- endmacro %}
