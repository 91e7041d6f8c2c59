-- One row per salesperson of any CRM.
select owner_id, name, email, team, region
from {{ ref('int_owners__unioned') }}
