-- One row per entry of a deal into a stage.
select
    deal_id,
    stage,
    entered_at
from {{ source('crm', 'deal_stages') }}
{{ newest(['deal_id', 'stage', 'entered_at']) }}
