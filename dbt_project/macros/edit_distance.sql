{# How many letters must be put in, taken out or replaced to make one text of the other (Levenshtein). #}
{% macro edit_distance(one, other) -%}
    levenshtein({{ one }}, {{ other }})
{%- endmacro %}
