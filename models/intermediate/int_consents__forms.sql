-- One row per consent given on a form: single opt-ins as sent, double ones once the person behind the address confirmed.
{{ config(materialized='ephemeral') }}

with

consents as (

    select * from {{ ref('int_forms__consents') }}

),

confirmations as (

    select * from {{ ref('stg_forms__confirmations') }}

)

select
    consents.address,
    consents.channel,
    consents.purpose,
    case when consents.is_double then 'double_opt_in' else 'opt_in' end as status,
    'form:' || consents.form as method,
    'forms' as source,
    true as is_explicit,
    '{"consent":' || consents.statement
    || ',"submission":' || coalesce(cast(consents.evidence as {{ dbt.type_string() }}), 'null')
    || ',"confirmation":' || coalesce(cast(confirmations.evidence as {{ dbt.type_string() }}), 'null') || '}' as evidence,
    cast(null as timestamp) as expires_at,
    -- A confirmation says yes to what was sent then: who left in between stays away, and a second click revives nothing.
    consents.submitted_at as occurred_at,
    greatest(consents.batch, coalesce(confirmations.batch, consents.batch)) as batch
from consents
left join confirmations
    on consents.is_double
    and consents.submission_id = confirmations.submission_id
    and consents.channel = confirmations.channel
    and consents.address = confirmations.address
where not consents.is_double or confirmations.submission_id is not null
