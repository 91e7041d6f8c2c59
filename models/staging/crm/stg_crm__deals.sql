-- One row per deal, as last exported.
select
    deal_id,
    account_id,
    contact_id as shop_contact_id,
    owner_id,
    name,
    pipeline,
    source,
    currency,
    status,
    amount_cents,
    expected_close_on,
    created_at,
    closed_at,
    updated_at
from {{ source('crm', 'deals') }}
{{ newest(['deal_id'], 'updated_at') }}
