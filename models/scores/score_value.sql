-- One row per customer: what they are expected to be worth within the horizon, between what and what, or why nothing is said.
{{ config(meta={'prediction': 'value', 'history': {'key': 'contact_id', 'value': 'expected_cents'}}) }}

with

horizons as (

    select version, max_by(value, as_of) as days
    from {{ source('ml', 'model_metrics') }}
    where model = 'value' and cohort = 'label' and metric = 'horizon_days'
    group by version

)

select
    customers.contact_id,
    customers.currency,
    cast(predictions.value as bigint) as expected_cents,
    cast(predictions.low as bigint) as low_cents,
    cast(predictions.high as bigint) as high_cents,
    cast(horizons.days as integer) as within_days,
    coalesce(predictions.is_fallback, true) as is_fallback,
    case
        when predictions.entity_id is null then 'not yet calculated'
        else predictions.fallback_reason
    end as fallback_reason,
    predictions.version as model_version,
    cast(predictions.reasons as {{ dbt.type_string() }}) as reasons,
    predictions.as_of
from {{ ref('score_rfm') }} as customers
left join {{ source('ml', 'predictions') }} as predictions
    on customers.contact_id = predictions.entity_id and predictions.model = 'value'
left join horizons on predictions.version = horizons.version
