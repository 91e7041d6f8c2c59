-- One row per opportunity of Salesforce that is not in the bin, in the canonical columns of a deal.
{{ config(materialized='ephemeral') }}

with

deals as (

    select
        deals.*,
        types.name as pipeline,
        coalesce(deals.is_won, stages.is_won, lower(deals.stage) = 'closed won', false) as has_won,
        coalesce(deals.is_closed, stages.is_closed, lower(deals.stage) like 'closed%', false) as has_closed
    from {{ ref('stg_fivetran_salesforce__opportunities') }} as deals
    left join {{ ref('stg_fivetran_salesforce__opportunity_stages') }} as stages on deals.stage = stages.stage
    left join {{ ref('stg_fivetran_salesforce__record_types') }} as types on deals.record_type_key = types.record_type_key
    where not deals.is_deleted

),

conversions as (

    select deal_key, min(person_key) as person_key
    from {{ ref('stg_fivetran_salesforce__conversions') }}
    where deal_key is not null
    group by deal_key

),

-- Of an account with several contacts nobody can say whose deal it is.
only_contacts as (

    select account_key, min(person_key) as person_key
    from {{ ref('stg_fivetran_salesforce__contacts') }}
    where account_key is not null and not is_deleted
    group by account_key
    having count(*) = 1

),

entries as (

    select
        deal_id,
        stage,
        max(entered_at) as entered_at
    from (
        select
            *,
            row_number() over (partition by deal_id order by entered_at nulls last, stage_order nulls last) as place
        from {{ ref('int_deals__stages_fivetran_salesforce') }}
    ) as places
    -- The first stage that we know of may have begun long before we knew.
    where place > 1
    group by deal_id, stage

)

select
    'salesforce:' || deals.deal_key as deal_id,
    'salesforce' as source_system,
    'salesforce:' || deals.account_key as account_id,
    'salesforce:' || coalesce(roles.person_key, conversions.person_key, only_contacts.person_key) as contact_node,
    'salesforce:' || deals.owner_key as owner_id,
    deals.name,
    coalesce(deals.pipeline, 'default') as pipeline,
    coalesce(deals.source, 'unknown') as source,
    deals.currency,
    case when deals.has_won then 'won' when deals.has_closed then 'lost' else 'open' end as status,
    deals.stage,
    deals.amount_cents,
    cast(deals.close_date as date) as expected_close_on,
    deals.created_at,
    case when deals.has_won or deals.has_closed then coalesce(entries.entered_at, deals.close_date) end as closed_at,
    'salesforce:' || deals.creator_key as creator_id
from deals
left join {{ ref('stg_fivetran_salesforce__opportunity_contacts') }} as roles on deals.deal_key = roles.deal_key
left join conversions on deals.deal_key = conversions.deal_key
left join only_contacts on deals.account_key = only_contacts.account_key
left join entries on 'salesforce:' || deals.deal_key = entries.deal_id and deals.stage = entries.stage
