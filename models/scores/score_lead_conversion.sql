-- One row per lead: the probability that they become a customer within the horizon, or why there is none.
{{ config(meta={'prediction': 'lead_conversion', 'history': {'key': 'contact_id', 'value': 'conversion_probability', 'decimals': 2}}) }}

select
    contacts.contact_id,
    {{ rounded('predictions.value', 4) }} as conversion_probability,
    predictions.within_days,
    {{ told_by('predictions') }}
from {{ ref('dim_contacts') }} as contacts
left join {{ ref('stg_ml__predictions') }} as predictions
    on contacts.contact_id = predictions.entity_id and predictions.model = 'lead_conversion'
where contacts.lifecycle = 'lead'
