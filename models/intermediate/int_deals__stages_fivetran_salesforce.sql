-- One row per entry of an opportunity of Salesforce into a stage, from the best record of it that was landed.
{{ config(materialized='ephemeral') }}

with

deals as (

    select * from {{ ref('stg_fivetran_salesforce__opportunities') }} where not is_deleted

),

fields as (

    select
        *,
        row_number() over (partition by deal_key order by changed_at nulls last, new_value nulls last) as place
    from {{ ref('stg_fivetran_salesforce__opportunity_fields') }}
    where field = 'stagename'

),

-- Salesforce's own history is whole; tracked fields lack the first stage; versions begin with the first sync.
records as (

    select 1 as rank, deal_key, stage, changed_at as entered_at
    from {{ ref('stg_fivetran_salesforce__opportunity_histories') }}
    union all
    select 2, deal_key, new_value, changed_at from fields
    union all
    select 2, fields.deal_key, fields.old_value, deals.created_at
    from fields
    inner join deals on fields.deal_key = deals.deal_key
    where fields.place = 1 and deals.created_at < fields.changed_at
    union all
    select 3, deal_key, stage, coalesce(least(stage_changed_at, changed_at), changed_at)
    from {{ ref('stg_fivetran_salesforce__opportunity_versions') }}

),

moves as (

    select
        records.deal_key,
        records.stage,
        records.entered_at,
        lag(records.stage) over (
            partition by records.deal_key order by records.entered_at nulls last, records.stage nulls last
        ) as previous_stage
    from records
    inner join (
        select deal_key, min(rank) as rank from records where stage is not null group by deal_key
    ) as best on records.deal_key = best.deal_key and records.rank = best.rank
    where records.stage is not null

)

select
    'salesforce:' || moves.deal_key as deal_id,
    moves.stage,
    coalesce(stages.stage_order, 9) as stage_order,
    moves.entered_at
from moves
inner join deals on moves.deal_key = deals.deal_key
left join {{ ref('stg_fivetran_salesforce__opportunity_stages') }} as stages on moves.stage = stages.stage
where moves.previous_stage is distinct from moves.stage
