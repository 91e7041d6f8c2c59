-- One row per message and kind of choice (time, variant): every option with its chance, and the chosen one.
select
    choice_id,
    message_id,
    contact_id,
    source,
    source_name,
    step_id,
    channel,
    message,
    kind,
    options,
    propensities,
    chosen,
    propensity,
    is_explore,
    is_control,
    reason,
    policy,
    policy_version,
    scheduled_at,
    decided_at,
    coalesce(batch, 0) as batch
from {{ source('activations', 'choices') }}
