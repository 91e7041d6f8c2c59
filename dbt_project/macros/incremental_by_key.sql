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

{# A filter that passes over days before the first one of whatever new batches of `relation` touched; it spares reading
   history and decides nothing. `held`, where it is another relation with one row per key, keeps the moment of each key's
   first row, `sent_at`. A row without a day stays. #}
{% macro since_touched(day, relation, key, held=none, relation_day='event_date', batch='batch') -%}
    {%- if not extends_itself() -%}
        true
    {%- else -%}
        {%- set fresh = relation ~ ' where ' ~ batch ~ ' > ' ~ newest_batch(batch) -%}
        {%- set first_days = 'select min(' ~ relation_day ~ ') as day from ' ~ fresh -%}
        {%- if held is not none -%}
            {%- set first_days = first_days ~ ' union all select min(cast(sent_at as date)) from ' ~ held
                ~ ' where ' ~ key ~ ' in (select ' ~ key ~ ' from ' ~ fresh ~ ')' -%}
        {%- endif -%}
        {%- set first = run_query('select min(day) from (' ~ first_days ~ ') as days').columns[0].values()[0] -%}
        {%- if first is none -%}
            true
        {%- else -%}
            ({{ day }} >= cast('{{ first }}' as date) or {{ day }} is null)
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
