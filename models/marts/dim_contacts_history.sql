-- One row per contact and stretch of time in which runs saw the same attributes (SCD2): what was known, and until when.
{{ config(materialized='view') }}

with

versions as (

    select
        *,
        lead(valid_from) over (partition by contact_id order by valid_from nulls last, batch nulls last) as valid_to,
        cast(row_number() over (partition by contact_id order by valid_from nulls last, batch nulls last) as bigint) as version
    from {{ ref('int_contacts__versions') }}

)

select
    contact_id,
    version,
    valid_from,
    valid_to,
    valid_to is null as is_current,
    {% for name in contact_attributes() %}{{ name }},
    {% endfor %}
    nullif(changed, '') as changed
from versions
-- What a second run at the same moment corrected was never the state of any moment.
where is_present and (valid_to is null or valid_to > valid_from)
