{# Run before an incremental model: its rows whose key new batches of `relation` touched go, for not all come back. #}
{% macro forget_touched(relation, key, batch='batch') -%}
    {%- if extends_itself() -%}
        delete from {{ this }}
        where {{ key }} in (
            select touched.{{ key }} from {{ relation }} as touched
            where touched.{{ batch }} > {{ newest_batch(batch) }}
        )
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}
