-- One row per prediction model, cohort, candidate and metric of its newest version.
with

registry as (

    select
        model,
        max_by(version, as_of) as version,
        max_by(is_promoted, as_of) as is_promoted,
        max_by(verdict, as_of) as verdict
    from {{ source('ml', 'model_registry') }}
    group by model

)

select
    metrics.model,
    metrics.version,
    registry.is_promoted,
    registry.verdict,
    metrics.cohort,
    metrics.candidate,
    metrics.metric,
    metrics.value,
    metrics.as_of
from {{ source('ml', 'model_metrics') }} as metrics
inner join registry on metrics.model = registry.model and metrics.version = registry.version
