{# Makes a model incremental by a key: what new batches touched is computed anew and replaces its rows, the rest stays.
   Spark has no delete on Parquet: there the model is built in full. #}
{% macro incremental_by_key(key) -%}
    {{ return(adapter.dispatch('incremental_by_key')(key)) }}
{%- endmacro %}

{% macro duckdb__incremental_by_key(key) -%}
    {{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=key,
              on_schema_change='fail') }}
{%- endmacro %}

{% macro spark__incremental_by_key(key) -%}
    {{ config(materialized='table') }}
{%- endmacro %}

{# A filter that keeps the rows whose key occurs in `relation` in a batch newer than this model's newest. #}
{% macro only_touched(relation, key, batch='batch') -%}
    {%- if extends_itself() -%}
        {{ key }} in (
            select touched.{{ key.split('.')[-1] }}
            from {{ relation }} as touched
            where touched.{{ batch }} > {{ newest_batch(batch) }}
                and touched.{{ key.split('.')[-1] }} is not null
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
