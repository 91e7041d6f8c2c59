-- One row per prediction model, scoring and watch: what was seen, whether it is well, and whether it held activations back.
select
    model,
    version,
    as_of,
    monitor as watch,
    is_well,
    is_held,
    value,
    seen,
    accepted_by,
    accepted_at
from {{ source('ml', 'monitors') }}
