-- One row per statement of consent that a person agreed to on a form, whether or not it counts yet.
{{ config(materialized='ephemeral') }}
{%- set item = json_or_null('items.item') %}

with

given as (

    select
        submissions.submission_id,
        submissions.form,
        {{ json_text(item, 'channel') }} as channel,
        {{ json_text(item, 'purpose') }} as purpose,
        {{ json_text(item, 'opt_in') }} = 'double' as is_double,
        items.item as statement,
        submissions.email,
        submissions.phone,
        submissions.evidence,
        submissions.submitted_at,
        submissions.batch
    from {{ ref('stg_forms__submissions') }} as submissions
    cross join lateral (select {{ json_items('submissions.consents') }} as item) as items
    -- A machine agrees to everything.
    where not submissions.is_suspected

),

addressed as (

    select *, case when channel = 'email' then email else phone end as address
    from given

)

select
    submission_id,
    form,
    channel,
    address,
    purpose,
    is_double,
    statement,
    evidence,
    submitted_at,
    batch
from addressed
where address is not null
