{# A filter that keeps the newest row per key: by `newest_by`, then batch; at-least-once delivery repeats rows. #}
{% macro newest(keys, newest_by=none) -%}
    qualify row_number() over (
        partition by {{ keys | join(', ') }}
        order by {% if newest_by %}{{ newest_by }} desc nulls last, {% endif %}_batch desc nulls last, _file_id
    ) = 1
{%- endmacro %}
