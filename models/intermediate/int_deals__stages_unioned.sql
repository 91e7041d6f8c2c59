-- One row per entry of a deal of any CRM into a stage; what is added here reaches every model of stages.
{{ config(materialized='view') }}

select
    deal_id,
    stage,
    entered_at,
    case stage
        when 'prospecting' then 1
        when 'qualified' then 1
        when 'engaging' then 2
        when 'proposal' then 2
        when 'negotiation' then 3
        else 9
    end as stage_order
from {{ ref('stg_crm__deal_stages') }}
union all
select
    deal_id,
    stage,
    coalesce(closed_at, created_at),
    case stage when 'prospecting' then 1 when 'engaging' then 2 else 9 end
from {{ ref('stg_maven__deals') }}
where coalesce(closed_at, created_at) is not null
union all
select
    deal_id,
    stage,
    entered_at,
    stage_order
from {{ ref('int_deals__stages_activecampaign') }}
union all
select deal_id, stage, entered_at, stage_order from {{ ref('int_deals__stages_fivetran_hubspot') }}
union all
select deal_id, stage, entered_at, stage_order from {{ ref('int_deals__stages_fivetran_salesforce') }}
