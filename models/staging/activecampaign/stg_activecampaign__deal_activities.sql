-- One row per change of a deal.
select
    id as deal_activity_id,
    coalesce(deal, d_id) as deal_id,
    nullif(stage, '0') as stage_id,
    lower(coalesce(nullif(kind, ''), nullif(kind_old, ''))) as kind,
    lower(coalesce(action, action_old)) as action,
    coalesce(nullif(old_value, ''), nullif(old_value_old, '')) as old_value,
    {{ utc_or_null('created') }} as changed_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'deal_activities') }}
{{ newest(['id'], 'case when not coalesce(is_gone, false) then pulled_at end') }}
