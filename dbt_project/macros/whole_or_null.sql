{# A text of nothing but digits, after a minus at most, as a bigint; NULL where it is none or too large. #}
{% macro whole_or_null(text) -%}
    case when {{ matches_pattern(text, '^-?[0-9]+$') }} then {{ number_or_null(text, 'bigint') }} end
{%- endmacro %}
