{# An e-mail address as identity and suppression key: trimmed, lower case; NULL when it cannot be an address. #}
{% macro normalize_email(column) -%}
    case
        when {{ matches_pattern('lower(trim(' ~ column ~ '))', '^[^@ ]+@[^@ ]+[.][^@ .]+$') }}
            then cast(lower(trim({{ column }})) as {{ dbt.type_string() }})
    end
{%- endmacro %}
