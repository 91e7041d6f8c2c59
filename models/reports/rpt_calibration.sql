-- One row per model and bin of predicted probability: what was said beside what happened, for the newest version.
with

bins as (

    select * from {{ source('ml', 'calibration_bins') }}

),

newest as (

    select model, max_by(version, as_of) as version from bins
    group by model

)

select
    bins.model,
    bins.version,
    bins.bin,
    bins.predicted_mean,
    bins.observed_rate,
    bins.row_count,
    bins.as_of
from bins
inner join newest on bins.model = newest.model and bins.version = newest.version
