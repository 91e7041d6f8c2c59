-- One row per contact and rule that gave points: how many, why, and until when.
with

signals as (

    select * from {{ ref('int_leads__signals') }}

),

contributions as (

    {% for rule in lead_rules() %}
    select
        contact_id,
        '{{ rule.rule }}' as rule,
        '{{ rule.category }}' as category,
        cast({{ 'greatest' if rule.points < 0 else 'least' }}({{ rule.signal }} * {{ rule.points }}, {{ rule.cap }}) as bigint) as points,
        cast({{ rule.signal }} as bigint) as occurrences,
        '{{ rule.reason }}'{% if rule.get('last') %} || case when {{ rule.signal }} = 1 then ', once' else ', ' || cast({{ rule.signal }} as {{ dbt.type_string() }}) || ' times' end || ' in {{ rule.expires_days }} days'{% endif %} as reason,
        {% if rule.get('last') %}{{ dbt.dateadd('day', rule.expires_days, rule.last) }}{% else %}cast(null as timestamp){% endif %} as expires_at
    from signals
    where {{ rule.signal }} > 0
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select contact_id, rule, category, points, occurrences, reason, cast(expires_at as timestamp) as expires_at
from contributions
