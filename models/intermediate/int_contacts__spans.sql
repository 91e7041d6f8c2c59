-- One row per contact and span of time in which their attributes stayed as a run had seen them.
{{ config(materialized='view') }}

-- Before the first record of the attributes, that first record is the nearest to what was known.
select
    versions.*,
    case
        when row_number() over (partition by contact_id order by valid_from nulls last, batch nulls last) = 1
            then cast('1970-01-01' as timestamp)
        else valid_from
    end as holds_from,
    lead(valid_from) over (partition by contact_id order by valid_from nulls last, batch nulls last) as holds_until
from {{ ref('int_contacts__versions') }} as versions
