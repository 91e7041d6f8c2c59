-- One row per customer: the probability that they do not come back within the horizon, or why there is none.
{{ config(meta={'prediction': 'churn', 'history': {'key': 'contact_id', 'value': 'churn_probability', 'decimals': 2}}) }}

select
    contacts.contact_id,
    {{ rounded('1 - predictions.value', 4) }} as churn_probability,
    predictions.within_days,
    {{ told_by('predictions') }}
from {{ ref('dim_contacts') }} as contacts
left join {{ ref('stg_ml__predictions') }} as predictions
    on contacts.contact_id = predictions.entity_id and predictions.model = 'churn'
where contacts.order_count > 0
