-- One row per identity node that would tie strangers together, with the evidence; it ties nobody.
{{ config(materialized='view') }}

select node, reason, tie_count, most, one, another
from {{ ref('int_identity__guards') }}
where reason is not null
