-- One row per sales agent.
select
    sales_agent as owner_id,
    sales_agent as name,
    manager as team,
    regional_office as region
from {{ source('maven', 'sales_teams') }}
{{ newest(['sales_agent']) }}
