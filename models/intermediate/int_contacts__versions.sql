-- One row per contact and moment at which a run saw other attributes than before, or saw them gone; appended, never rebuilt.
{{ incremental_by_append() }}
{{ config(full_refresh=false, meta={'keeps_history': 'erased by row'}) }}
{%- set names = contact_attributes().keys() | list %}

with

profiles as (

    select * from {{ ref('int_contacts__profiles') }}
    where batch > {{ newest_batch() }}
    {% if extends_itself() %}
        -- Profiles that were all built at once may differ whatever brought them.
        or (select min(p.batch) = max(p.batch) from {{ ref('int_contacts__profiles') }} as p)
    {% endif %}

),

{% if extends_itself() %}
held as (

    select * from {{ this }}
    qualify row_number() over (partition by contact_id order by valid_from desc nulls last, batch desc nulls last) = 1

),

-- Whoever was merged into another, or lost every record.
gone as (

    select held.* from held
    left join {{ ref('int_contacts__profiles') }} as profiles on held.contact_id = profiles.contact_id
    where profiles.contact_id is null and held.is_present

),
{% endif %}

versions as (

    select
        profiles.contact_id,
        {{ as_of() }} as valid_from,
        true as is_present,
        {% for name in names %}profiles.{{ name }}, {% endfor %}
        {% if extends_itself() %}
        {% for name in names -%}
        case when profiles.{{ name }} is distinct from held.{{ name }} then '{{ name }} ' else '' end {{ '||' if not loop.last }}
        {% endfor %}
        as changed,
        {% else %}
        '' as changed,
        {% endif %}
        profiles.batch
    from profiles
    {% if extends_itself() %}
    left join held on profiles.contact_id = held.contact_id
    where held.contact_id is null
        or not held.is_present
        {% for name in names %}or profiles.{{ name }} is distinct from held.{{ name }}
        {% endfor %}
    union all
    select
        contact_id, {{ as_of() }}, false, {% for name, type in contact_attributes().items() %}cast(null as {{ type }}), {% endfor %} '', batch
    from gone
    {% endif %}

)

select
    contact_id,
    valid_from,
    is_present,
    {% for name, type in contact_attributes().items() %}cast({{ name }} as {{ type }}) as {{ name }},
    {% endfor %}
    trim(changed) as changed,
    batch
from versions
