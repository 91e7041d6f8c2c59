{# The moment that models take for now: one row, so a change of the clock needs no re-parse and tests can set it. A table
   holds it written out, for engines plan and prune by literals; a view asks each time it is read. #}
{% macro as_of() -%}
    {%- set clock = ref('stg_millrace__clock') -%}
    {%- if builds_itself() and model.config.materialized in ('table', 'incremental') -%}
        cast('{{ clock_reads() }}' as timestamp)
    {%- else -%}
        (select max(clock.as_of) from {{ clock }} as clock)
    {%- endif -%}
{%- endmacro %}

{# What the clock says, as text; only while a model is built. #}
{% macro clock_reads() -%}
    {{ return(run_query('select max(as_of) from ' ~ ref('stg_millrace__clock')).columns[0].values()[0]) }}
{%- endmacro %}
