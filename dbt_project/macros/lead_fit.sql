{# The signals of fit that the lead rules count, from the attributes of a contact: 1 or 0 each. #}
{% macro lead_fit(contact) -%}
    case when {{ contact }}.industry in ('manufacturing', 'software', 'health') then 1 else 0 end as has_fit_industry,
    case when {{ contact }}.company_size >= 50 then 1 else 0 end as has_fit_size,
    case when {{ contact }}.job_title in ('Director', 'Head of Operations', 'Buyer') then 1 else 0 end as has_deciding_title,
{%- endmacro %}
