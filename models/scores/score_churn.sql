-- One row per customer: the probability that they do not come back within the horizon, or why there is none.
{{ config(meta={'prediction': 'churn', 'history': {'key': 'contact_id', 'value': 'churn_probability', 'decimals': 2}}) }}

with

horizons as (

    select version, max_by(value, as_of) as days
    from {{ source('ml', 'model_metrics') }}
    where model = 'churn' and cohort = 'label' and metric = 'horizon_days'
    group by version

)

select
    contacts.contact_id,
    round(1 - predictions.value, 4) as churn_probability,
    cast(horizons.days as integer) as within_days,
    coalesce(predictions.is_fallback, true) as is_fallback,
    case
        when predictions.entity_id is null then 'not yet calculated'
        else predictions.fallback_reason
    end as fallback_reason,
    predictions.version as model_version,
    cast(predictions.reasons as {{ dbt.type_string() }}) as reasons,
    predictions.as_of
from {{ ref('dim_contacts') }} as contacts
left join {{ source('ml', 'predictions') }} as predictions
    on contacts.contact_id = predictions.entity_id and predictions.model = 'churn'
left join horizons on predictions.version = horizons.version
where contacts.order_count > 0
