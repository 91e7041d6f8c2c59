{# Whether somebody got ten messages or more in 180 days and did nothing since: whoever asks, asks the same. #}
{% macro never_answers(delivered_180d, last_active_at) -%}
    {{ delivered_180d }} >= 10
    and coalesce({{ last_active_at }} < {{ dbt.dateadd('day', -180, as_of()) }}, true)
{%- endmacro %}
