{# Makes a model incremental by appending: rows are facts that are added once and never change. #}
{% macro incremental_by_append() -%}
    {{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}
{%- endmacro %}

{# The newest batch that this model holds, as a number to compare `batch` with; -1 when it is built in full. #}
{% macro newest_batch(batch='batch') -%}
    {%- if extends_itself() -%}
        {{ run_query('select coalesce(max(' ~ batch ~ '), -1) from ' ~ this).columns[0].values()[0] }}
    {%- else -%}
        -1
    {%- endif -%}
{%- endmacro %}

{# A filter that keeps what this model does not hold yet: keys of rows about the same days. Two deliveries of one event
   carry the same time but for corrections of a sender's clock, so a week on both sides is enough to find the other. #}
{% macro not_held(relation, key, day, batch='batch') -%}
    {%- if not extends_itself() -%}
        true
    {%- else -%}
        {%- set days = run_query('select min(' ~ day ~ '), max(' ~ day ~ ') from ' ~ relation ~ ' where '
            ~ batch ~ ' > ' ~ newest_batch(batch)).columns -%}
        {%- if days[0].values()[0] is none -%}
            true
        {%- else -%}
            {{ key }} not in (
                select held.{{ key }}
                from {{ this }} as held
                where {{ within_a_week('held.' ~ day, days[0].values()[0], days[1].values()[0]) }}
                    and held.{{ key }} is not null
            )
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
