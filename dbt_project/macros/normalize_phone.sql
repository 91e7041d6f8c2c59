{# A phone number as E.164: `+`, country code, at most 15 digits. Without a country code there is no guess: NULL. #}
{% macro normalize_phone(column) -%}
    case
        when {{ matches_pattern(replace_pattern(column, '[^0-9+]', ''), '^[+][1-9][0-9]{6,14}$') }}
            then cast({{ replace_pattern(column, '[^0-9+]', '') }} as {{ dbt.type_string() }})
    end
{%- endmacro %}
