-- One row per submission, channel and address that was confirmed, at its first confirmation.
with

confirmations as (

    select
        submission_id,
        channel,
        case
            when channel = 'email' then {{ normalize_email('address') }}
            else {{ normalize_phone('address') }}
        end as address,
        confirmed_at,
        evidence,
        confirmation_id,
        _batch as batch
    from {{ source('forms', 'confirmations') }}

)

select
    submission_id,
    channel,
    address,
    confirmed_at,
    evidence,
    batch
from confirmations
qualify row_number() over (
    partition by submission_id, channel, address
    order by confirmed_at nulls last, confirmation_id nulls last, batch nulls last
) = 1
