-- One row per change of a deal's field.
select
    deal_id,
    field,
    old_value,
    new_value,
    changed_at
from {{ source('crm', 'deal_changes') }}
{{ newest(['deal_id', 'field', 'changed_at'], 'new_value') }}
