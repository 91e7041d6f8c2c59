-- One row per identity node that ties nobody because it would merge strangers, with the evidence.
select node, reason, tie_count, cast(most as bigint) as most, one, another
from {{ ref('int_identity__blocked') }}
