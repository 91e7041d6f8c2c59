-- One row per statement about an address, channel and purpose: consent given or taken back, bounces, complaints; appended.
{{ incremental_by_append() }}

with

fresh as (

    select
        md5(
            address || '|' || channel || '|' || purpose || '|' || status || '|' || source || '|'
            || coalesce(cast({{ epoch_seconds('occurred_at') }} as {{ dbt.type_string() }}), '')
        ) as statement_id,
        *
    from {{ ref('int_consents__delivered') }}
    where batch > {{ newest_batch() }}

)

select
    statement_id,
    address,
    channel,
    purpose,
    status,
    method,
    source,
    is_explicit,
    evidence,
    expires_at,
    occurred_at,
    batch
from fresh
{% if extends_itself() %}
-- What is not whole has no key: it is kept, so that the test of the key finds it.
where statement_id is null or statement_id not in (select held.statement_id from {{ this }} as held)
{% endif %}
qualify row_number() over (
    partition by statement_id order by batch nulls last, method nulls last, evidence nulls last
) = 1
