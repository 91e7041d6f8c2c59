{# What a score tells of its prediction, a row of stg_ml__predictions that a left join may not have found. #}
{% macro told_by(prediction) -%}
    coalesce({{ prediction }}.is_fallback, true) as is_fallback,
    case
        when {{ prediction }}.entity_id is null then 'not yet calculated'
        else {{ prediction }}.fallback_reason
    end as fallback_reason,
    {{ prediction }}.model_version,
    {{ prediction }}.reasons,
    {{ prediction }}.as_of
{%- endmacro %}
