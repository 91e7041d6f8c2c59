-- One row per deal of ActiveCampaign, in the canonical columns of a deal.
{{ config(materialized='ephemeral') }}

select
    'activecampaign:' || deals.deal_id as deal_id,
    'activecampaign' as source_system,
    cast(null as {{ dbt.type_string() }}) as account_id,
    'activecampaign:' || deals.contact_id as contact_node,
    'activecampaign:' || deals.owner_id as owner_id,
    deals.name,
    coalesce(pipelines.name, 'default') as pipeline,
    'unknown' as source,
    coalesce(deals.currency, pipelines.currency) as currency,
    deals.status,
    stages.name as stage,
    deals.amount_cents,
    cast(null as date) as expected_close_on,
    deals.created_at,
    case when deals.status in ('won', 'lost') then coalesce(closings.closed_at, deals.updated_at) end as closed_at,
    cast(null as {{ dbt.type_string() }}) as creator_id
from {{ ref('stg_activecampaign__deals') }} as deals
left join {{ ref('stg_activecampaign__deal_groups') }} as pipelines on deals.pipeline_id = pipelines.pipeline_id
left join {{ ref('stg_activecampaign__deal_stages') }} as stages on deals.stage_id = stages.stage_id
left join (
    select
        deal_id,
        max(changed_at) as closed_at
    from {{ ref('stg_activecampaign__deal_activities') }}
    where kind = 'status'
    group by deal_id
) as closings on deals.deal_id = closings.deal_id
where not deals.is_gone and deals.created_at is not null
