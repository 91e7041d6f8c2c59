{# The points of the lead score from columns named like its signals: for the score as it would have stood at another moment.
   A rule whose signal is not among `known` counts for nothing there. #}
{% macro lead_points(known) -%}
    greatest(0, least(100, 0
        {%- for rule in lead_rules() if rule.signal in known %}
        + {{ 'greatest' if rule.points < 0 else 'least' }}({{ rule.signal }} * {{ rule.points }}, {{ rule.cap }})
        {%- endfor %}
    ))
{%- endmacro %}
