{# dbt's own form fails on NULL, which here means NULL. Only whole days: the engines count hours and minutes differently. #}
{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart != 'day' -%}
        {{ exceptions.raise_compiler_error("datediff counts days only; take the difference of epoch_seconds for " ~ datepart) }}
    {%- endif -%}
    cast(datediff(cast({{ second_date }} as date), cast({{ first_date }} as date)) as bigint)
{%- endmacro %}
