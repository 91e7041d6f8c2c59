{# The last CTE and the select of a model: every row of the CTE `relation`, whose key delivery may repeat, each key once
   (its first delivery, as when it is appended alone). Repeats are few: finding their keys first keeps wide rows out of the sort. #}
{% macro each_once(relation, key) -%}
    repeated as (

        select {{ key }} from {{ relation }}
        group by {{ key }}
        having count(*) > 1

    )

    select single.* from {{ relation }} as single
    where single.{{ key }} not in (select repeated.{{ key }} from repeated)
    union all
    select several.* from {{ relation }} as several
    where several.{{ key }} in (select repeated.{{ key }} from repeated)
    qualify row_number() over (
        partition by several.{{ key }}
        order by several.batch nulls last, several.occurred_at nulls last, several.source nulls last
    ) = 1
{%- endmacro %}
