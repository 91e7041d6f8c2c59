-- One row per prediction model and week or month: what it would have said, having learned before, beside its fallback and what came.
with

newest as (

    select model, max_by(version, as_of) as version
    from {{ source('ml', 'model_registry') }}
    group by model

),

metrics as (

    select metrics.model, metrics.version, metrics.cohort, metrics.candidate, metrics.metric, metrics.value
    from {{ source('ml', 'model_metrics') }} as metrics
    inner join newest on metrics.model = newest.model and metrics.version = newest.version
    where metrics.cohort like 'week %' or metrics.cohort like 'month %'

)

select
    model,
    version,
    split_part(cohort, ' ', 1) as period,
    cast(case when cohort like 'month %' then split_part(cohort, ' ', 2) || '-01' else split_part(cohort, ' ', 2) end as date) as starts_on,
    cast(max(case when metric = 'rows' then value end) as bigint) as row_count,
    max(case when candidate = 'served' and metric = 'predicted_mean' then value end) as predicted_mean,
    max(case when candidate = 'served' and metric = 'observed_rate' then value end) as observed_rate,
    max(case when candidate = 'served' and metric = 'log_loss' then value end) as log_loss,
    max(case when candidate = 'fallback' and metric = 'log_loss' then value end) as fallback_log_loss,
    cast(round(max(case when candidate = 'served' and metric = 'amount' then value end)) as bigint) as expected_cents,
    cast(round(max(case when candidate = 'fallback' and metric = 'amount' then value end)) as bigint) as fallback_expected_cents,
    cast(round(max(case when candidate = 'came_true' and metric = 'amount' then value end)) as bigint) as came_true_cents
from metrics
group by model, version, cohort
