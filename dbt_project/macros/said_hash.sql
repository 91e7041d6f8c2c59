{# The key of a row that the source gives none: a hash of all that it says; nothing and an empty text are the same. #}
{% macro said_hash(columns) -%}
    md5(
        {%- for column in columns %}
        coalesce(cast({{ column }} as {{ dbt.type_string() }}), ''){% if not loop.last %} || '|' ||{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
