{# The whole numbers 0 to 99 as a subquery with column `n`. #}
{% macro numbers() -%}
    (
        select tens.n * 10 + ones.n as n
        from ({% for digit in range(10) %}select {{ digit }} as n{% if not loop.last %} union all {% endif %}{% endfor %}) as tens
        cross join ({% for digit in range(10) %}select {{ digit }} as n{% if not loop.last %} union all {% endif %}{% endfor %}) as ones
    )
{%- endmacro %}
