-- One row per submission of a form: what was answered, what was consented to, and what speaks against the sender.
select
    submission_id,
    form,
    {{ normalize_email('email') }} as email,
    {{ normalize_phone('phone') }} as phone,
    traits,
    consents,
    anonymous_id,

    page_url,
    user_agent,
    suspicion,
    suspicion is not null as is_suspected,
    evidence,

    shown_at,
    submitted_at,
    _batch as batch
from {{ source('forms', 'submissions') }}
-- The same answers from the same page once more are the first ones.
qualify row_number() over (
    partition by submission_id order by submitted_at nulls last, _batch nulls last, _file_id nulls last
) = 1
