-- One row per entry of a deal of ActiveCampaign into a stage.
{{ config(materialized='view') }}

with

changes as (

    select
        deal_id,
        stage_id,
        old_value,
        changed_at,
        row_number() over (
            partition by deal_id order by changed_at nulls last, deal_activity_id nulls last
        ) as place
    from {{ ref('stg_activecampaign__deal_activities') }}
    where stage_id is not null and changed_at is not null

),

-- A deal is in its first stage from the day it was made; the first change says which that was.
entries as (

    select
        deals.deal_id,
        coalesce(firsts.old_value, deals.stage_id) as stage_id,
        deals.created_at as entered_at
    from {{ ref('stg_activecampaign__deals') }} as deals
    left join changes as firsts on deals.deal_id = firsts.deal_id and firsts.place = 1
    where not deals.is_gone
        and deals.created_at is not null
        and (firsts.deal_id is null or firsts.old_value is not null)
    union all
    select
        changes.deal_id,
        changes.stage_id,
        changes.changed_at
    from changes
    inner join {{ ref('stg_activecampaign__deals') }} as deals on changes.deal_id = deals.deal_id
    where not deals.is_gone

),

moves as (

    select
        deal_id,
        stage_id,
        entered_at,
        lag(stage_id) over (
            partition by deal_id order by entered_at nulls last, stage_id nulls last
        ) as previous_stage_id
    from entries

)

select
    'activecampaign:' || moves.deal_id as deal_id,
    stages.name as stage,
    {{ number_or_null('stages.stage_order', 'integer') }} as stage_order,
    moves.entered_at
from moves
inner join {{ ref('stg_activecampaign__deal_stages') }} as stages on moves.stage_id = stages.stage_id
where moves.previous_stage_id is null or moves.previous_stage_id <> moves.stage_id
