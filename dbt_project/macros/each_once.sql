{# The CTEs and the select of a model: every row of `relation` that passes `filter`, whose key delivery may repeat, each key
   once (its first delivery, as when it is appended alone). Repeats are few: they are looked for among short hashes, so that
   no wide row is sorted or kept in memory; keys that only share a hash are told apart by the key itself.
   `columns` are those to keep, `*` for all. #}
{% macro each_once(relation, key, filter='true', columns=['*']) -%}
    with

    repeated as (

        select {{ short_hash(key) }} as key_hash
        from {{ relation }}
        where {{ filter }}
        group by {{ short_hash(key) }}
        having count(*) > 1

    )

    select single.{{ columns | join(', single.') }} from {{ relation }} as single
    where {{ filter }}
        and {{ short_hash('single.' ~ key) }} not in (select repeated.key_hash from repeated)
    union all
    select several.{{ columns | join(', several.') }} from {{ relation }} as several
    where {{ filter }}
        and {{ short_hash('several.' ~ key) }} in (select repeated.key_hash from repeated)
    qualify row_number() over (
        partition by several.{{ key }}
        order by several.batch nulls last, several.occurred_at nulls last, several.source nulls last
    ) = 1
{%- endmacro %}

{# A number that equal texts share and others rarely do; engines differ in it, so it is never stored. #}
{% macro short_hash(text) -%}
    {{ return(adapter.dispatch('short_hash')(text)) }}
{%- endmacro %}

{% macro duckdb__short_hash(text) -%}
    hash({{ text }})
{%- endmacro %}

{% macro spark__short_hash(text) -%}
    xxhash64({{ text }})
{%- endmacro %}
