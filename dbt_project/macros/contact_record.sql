{# The columns of a contact record of any source, in their one order. `has` lists the attributes that the source knows, under
   these names; the others are NULL. #}
{% macro contact_record(record_node, source, has) -%}
    {{ record_node }} as record_node,
    '{{ source }}' as source,
    cast(null as {{ dbt.type_string() }}) as user_node,
    {% for name, type in contact_attributes().items() -%}
    {{ name if name in has else 'cast(null as ' ~ type ~ ') as ' ~ name }},
    {% endfor -%}
    is_deleted,
    created_at,
    updated_at,
    batch
{%- endmacro %}
