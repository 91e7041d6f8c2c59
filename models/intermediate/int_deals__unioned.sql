-- One row per deal of any CRM.
select
    deal_id,
    'crm' as source_system,
    account_id,
    'user:' || shop_contact_id as contact_node,
    owner_id,
    name,
    coalesce(pipeline, 'default') as pipeline,
    coalesce(source, 'unknown') as source,
    coalesce(currency, 'EUR') as currency,
    status,
    cast(null as {{ dbt.type_string() }}) as stage,
    amount_cents,
    expected_close_on,
    created_at,
    closed_at,
    cast(null as {{ dbt.type_string() }}) as creator_id
from {{ ref('stg_crm__deals') }}
union all
select
    deal_id,
    'maven',
    account_id,
    cast(null as {{ dbt.type_string() }}),
    owner_id,
    'Deal ' || deal_id,
    'default',
    coalesce(product, 'unknown'),
    'USD',
    status,
    stage,
    amount_cents,
    cast(null as date),
    created_at,
    closed_at,
    cast(null as {{ dbt.type_string() }}) as creator_id
from {{ ref('stg_maven__deals') }}
union all
select * from {{ ref('int_deals__activecampaign') }}
union all
select * from {{ ref('int_deals__fivetran_hubspot') }}
union all
select * from {{ ref('int_deals__fivetran_salesforce') }}
