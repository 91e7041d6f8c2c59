-- One row per stay of a deal in a stage.
select
    deal_id,
    stage,
    entered_at,
    left_at,
    {{ rounded('(' ~ epoch_seconds('left_at') ~ ' - ' ~ epoch_seconds('entered_at') ~ ') / 86400', 4) }} as stay_days,
    is_regression
from {{ ref('int_deals__stage_visits') }}
