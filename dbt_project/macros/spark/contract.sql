{# A declared data type in Spark's words; contracts and seeds are written in DuckDB's. #}
{% macro spark_type(data_type) -%}
    {{ {'varchar': 'string', 'json': 'string'}.get(data_type | lower, data_type) }}
{%- endmacro %}

{# What an enforced contract is compared with: no row, the declared columns. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    select
    {%- for column in columns.values() %}
        cast(null as {{ spark_type(column['data_type']) }}) as {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
