{# Whether a vendor's word for how somebody came onto a list (lower case) means that the person did it, at a form, a checkout or
   by a keyword; imports, APIs and silence do not. #}
{% macro is_by_person(method) -%}
    coalesce({{ matches_pattern(method,
        '(^|[^a-z])(web|signup|hosted|embedded|popup)?forms?($|[^a-z])|preference|subscription ?cent|keyword|checkout') }}, false)
{%- endmacro %}
