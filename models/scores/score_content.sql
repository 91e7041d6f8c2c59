-- One row per contact and message with variants: the variant drawn for them, its chance, and those of the others.
select
    contact_id,
    message,
    variant,
    propensity,
    options,
    propensities,
    is_explore,
    is_control,
    reason,
    version as policy_version,
    as_of
from {{ source('ml', 'variant_choices') }}
