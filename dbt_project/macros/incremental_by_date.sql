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

{# A filter that keeps the days which batches newer than this model's newest have touched. The days are looked up first
   and written out: a list of literals is applied before anything is computed, a subquery would not be. #}
{% macro only_touched_days(relation, day, batch='batch') -%}
    {%- if not extends_itself() -%}
        true
    {%- else -%}
        {%- set newest = run_query('select coalesce(max(' ~ batch ~ '), 0) from ' ~ this).columns[0].values()[0] -%}
        {%- set days = run_query('select distinct ' ~ day ~ ' from ' ~ relation ~ ' where ' ~ batch ~ ' > ' ~ newest
            ~ ' and ' ~ day ~ ' is not null order by 1').columns[0].values() -%}
        {%- if days -%}
            {{ day }} in (
                {%- for value in days -%}
                    cast('{{ value }}' as date){{ ', ' if not loop.last }}
                {%- endfor -%}
            )
        {%- else -%}
            false
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
