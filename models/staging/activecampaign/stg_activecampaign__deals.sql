-- One row per deal, as last pulled.
select
    id as deal_id,
    nullif(contact, '0') as contact_id,
    nullif(account, '0') as account_id,
    nullif(owner, '0') as owner_id,
    pipeline as pipeline_id,
    nullif(stage, '0') as stage_id,
    title as name,
    case status when '1' then 'won' when '2' then 'lost' else 'open' end as status,
    upper(currency) as currency,
    {{ whole_or_null('value') }} as amount_cents,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false)) as is_gone,
    {{ utc_or_null('created') }} as created_at,
    {{ utc_or_null('updated') }} as updated_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'deals') }} as pulled
{{ newest(['id'], 'case when not coalesce(pulled.is_gone, false) then pulled_at end') }}
