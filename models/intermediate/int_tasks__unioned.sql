-- One row per task of any CRM.
{{ config(materialized='view') }}

select
    task_id,
    'crm' as source_system,
    deal_id,
    'user:' || shop_contact_id as contact_node,
    owner_id,
    type,
    direction,
    created_at,
    due_at,
    completed_at
from {{ ref('stg_crm__tasks') }}
union all
select * from {{ ref('int_tasks__activecampaign') }}
union all
select * from {{ ref('int_tasks__fivetran_hubspot') }}
union all
select * from {{ ref('int_tasks__fivetran_salesforce') }}
