{# Whether a model is being built: not when it is parsed, and not in a unit test, whose inputs are no tables. #}
{% macro builds_itself() -%}
    {{ return(execute and model.resource_type == 'model') }}
{%- endmacro %}

{# Whether this run of an incremental model adds to what it holds; builds in full do not. #}
{% macro extends_itself() -%}
    {{ return(builds_itself() and is_incremental()) }}
{%- endmacro %}
