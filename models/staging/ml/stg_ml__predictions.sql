-- One row per model and entity: the newest prediction, and how many days it looks ahead where its label does.
with

horizons as (

    select model, version, max_by(value, as_of) as days
    from {{ source('ml', 'model_metrics') }}
    where cohort = 'label' and metric = 'horizon_days'
    group by model, version

)

select
    predictions.model,
    predictions.entity_id,
    predictions.value,
    predictions.low,
    predictions.high,
    cast(horizons.days as integer) as within_days,
    predictions.is_fallback,
    predictions.fallback_reason,
    predictions.version as model_version,
    cast(predictions.reasons as {{ dbt.type_string() }}) as reasons,
    predictions.as_of
from {{ source('ml', 'predictions') }} as predictions
left join horizons on predictions.model = horizons.model and predictions.version = horizons.version
