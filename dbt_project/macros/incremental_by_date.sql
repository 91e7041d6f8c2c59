{# Makes a model incremental by whole days: days touched by new batches are computed anew, the others stay.
   DuckDB deletes and inserts those days, Spark overwrites their partitions; the day is the last column. #}
{% macro incremental_by_date(day) -%}
    {{ return(adapter.dispatch('incremental_by_date')(day)) }}
{%- endmacro %}

{% macro duckdb__incremental_by_date(day) -%}
    {{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=day,
              on_schema_change='fail') }}
{%- endmacro %}

{% macro spark__incremental_by_date(day) -%}
    {{ config(materialized='incremental', incremental_strategy='insert_overwrite', partition_by=[day],
              file_format='parquet', on_schema_change='fail') }}
{%- endmacro %}

{# A filter that keeps the days which batches newer than this model's newest have touched. #}
{% macro only_touched_days(relation, day, batch='batch') -%}
    {% if is_incremental() -%}
        {{ day }} in (
            select fresh.{{ day }} from {{ relation }} as fresh
            where fresh.{{ batch }} > (select coalesce(max(seen.{{ batch }}), 0) from {{ this }} as seen)
        )
    {%- else -%}
        true
    {%- endif %}
{%- endmacro %}
