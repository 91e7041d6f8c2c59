-- One row per deal and span of time in which its owner, pipeline, source and account stayed as they were.
{{ config(materialized='view') }}

-- Before the first record of a deal, that first record is the nearest to what was known.
select
    versions.*,
    case
        when row_number() over (partition by deal_id order by valid_from nulls last) = 1 then cast('1970-01-01' as timestamp)
        else valid_from
    end as holds_from,
    lead(valid_from) over (partition by deal_id order by valid_from nulls last) as holds_until
from {{ ref('int_deals__versions') }} as versions
