-- One row per opportunity, in our words for status; the closing value of a lost one is no amount.
select
    opportunity_id as deal_id,
    account as account_id,
    sales_agent as owner_id,
    product,
    case deal_stage when 'Won' then 'won' when 'Lost' then 'lost' else 'open' end as status,
    lower(deal_stage) as stage,
    case when deal_stage = 'Won' then {{ number_or_null('round(close_value * 100)', 'bigint') }} end as amount_cents,
    cast(engage_date as timestamp) as created_at,
    cast(close_date as timestamp) as closed_at
from {{ source('maven', 'sales_pipeline') }}
{{ newest(['opportunity_id']) }}
