{# The moment that models take for now: one row, so a change of the clock needs no re-parse and tests can set it. #}
{% macro as_of() -%}
    (select max(clock.as_of) from {{ ref('stg_millrace__clock') }} as clock)
{%- endmacro %}
