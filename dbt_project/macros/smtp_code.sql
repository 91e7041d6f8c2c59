{# The code in a mail server's answer: the enhanced one (5.1.1), else the basic one (550), NULL without one. #}
{% macro smtp_code(text) -%}
    coalesce(
        nullif({{ extract_pattern(text, '(^|[ ;:(#-])([245][.][0-9]{1,3}[.][0-9]{1,3})($|[^.0-9])', 2) }}, ''),
        nullif({{ extract_pattern(text, '(^|[^.0-9])([245][0-9][0-9])($|[^.0-9])', 2) }}, '')
    )
{%- endmacro %}
