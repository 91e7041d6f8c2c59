{# Whether this run of an incremental model adds to what it holds; unit tests and builds in full do not. #}
{% macro extends_itself() -%}
    {{ return(execute and model.resource_type == 'model' and is_incremental()) }}
{%- endmacro %}
