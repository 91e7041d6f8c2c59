-- One row per customer: what they are expected to be worth within the horizon, between what and what, or why nothing is said.
{{ config(meta={'prediction': 'value', 'history': {'key': 'contact_id', 'value': 'expected_cents'}}) }}

select
    customers.contact_id,
    customers.currency,
    cast(round(predictions.value) as bigint) as expected_cents,
    cast(round(predictions.low) as bigint) as low_cents,
    cast(round(predictions.high) as bigint) as high_cents,
    predictions.within_days,
    {{ told_by('predictions') }}
from {{ ref('score_rfm') }} as customers
left join {{ ref('stg_ml__predictions') }} as predictions
    on customers.contact_id = predictions.entity_id and predictions.model = 'value'
