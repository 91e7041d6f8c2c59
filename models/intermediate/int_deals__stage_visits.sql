-- One row per stay of a deal in a stage, with when it left and whether it was a step back.
with

entries as (

    select * from {{ ref('int_deals__stages_unioned') }}

)

select
    deal_id,
    stage,
    stage_order,
    entered_at,
    lead(entered_at) over (
        partition by deal_id order by entered_at nulls last, stage_order nulls last, stage nulls last
    ) as left_at,
    coalesce(stage_order < max(stage_order) over (
        partition by deal_id order by entered_at nulls last, stage_order nulls last, stage nulls last
        rows between unbounded preceding and 1 preceding
    ), false) as is_regression
from entries
