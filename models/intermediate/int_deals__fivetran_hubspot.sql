-- One row per HubSpot deal that is neither deleted nor merged into another, in the canonical columns of a deal.
{{ config(materialized='ephemeral') }}

with

deals as (

    select
        deals.*,
        pipelines.name as pipeline,
        stages.stage,
        coalesce(deals.is_won, stages.is_won, deals.stage_key = 'closedwon', false) as has_won,
        coalesce(deals.is_closed, stages.is_closed, deals.stage_key in ('closedwon', 'closedlost'), false) as has_closed
    from {{ ref('stg_fivetran_hubspot__deals') }} as deals
    left join {{ ref('stg_fivetran_hubspot__pipelines') }} as pipelines on deals.pipeline_key = pipelines.pipeline_key
    left join {{ ref('stg_fivetran_hubspot__pipeline_stages') }} as stages on deals.stage_key = stages.stage_key
    left join {{ ref('stg_fivetran_hubspot__merged_deals') }} as merged on deals.deal_key = merged.deal_key
    where not deals.is_deleted and merged.deal_key is null

),

-- What belonged to a deal that was merged belongs to the one that is left.
contacts as (

    select coalesce(merged.kept_key, ties.deal_key) as deal_key, min(ties.contact_key) as contact_key
    from {{ ref('stg_fivetran_hubspot__deal_contacts') }} as ties
    left join {{ ref('stg_fivetran_hubspot__merged_deals') }} as merged on ties.deal_key = merged.deal_key
    group by 1

),

companies as (

    select
        coalesce(merged.kept_key, ties.deal_key) as deal_key,
        coalesce(min(case when ties.is_first then ties.company_key end), min(ties.company_key)) as company_key
    from {{ ref('stg_fivetran_hubspot__deal_companies') }} as ties
    left join {{ ref('stg_fivetran_hubspot__merged_deals') }} as merged on ties.deal_key = merged.deal_key
    group by 1

),

entries as (

    select deal_key, stage_key, max(entered_at) as entered_at
    from {{ ref('stg_fivetran_hubspot__deal_stages') }}
    group by deal_key, stage_key

)

select
    'hubspot:' || deals.deal_key as deal_id,
    'hubspot' as source_system,
    'hubspot:' || companies.company_key as account_id,
    'hubspot:' || contacts.contact_key as contact_node,
    'hubspot:' || deals.owner_key as owner_id,
    deals.name,
    coalesce(deals.pipeline, deals.pipeline_key, 'default') as pipeline,
    coalesce(deals.source, 'unknown') as source,
    deals.currency,
    case when deals.has_won then 'won' when deals.has_closed then 'lost' else 'open' end as status,
    coalesce(deals.stage, deals.stage_key) as stage,
    deals.amount_cents,
    cast(deals.close_date as date) as expected_close_on,
    deals.created_at,
    -- An import is entered long after it closed; a close date may be moved into the future.
    case
        when deals.has_won or deals.has_closed
            then coalesce(least(deals.close_date, entries.entered_at), deals.updated_at)
    end as closed_at,
    cast(null as {{ dbt.type_string() }}) as creator_id
from deals
left join contacts on deals.deal_key = contacts.deal_key
left join companies on deals.deal_key = companies.deal_key
left join entries on deals.deal_key = entries.deal_key and deals.stage_key = entries.stage_key
