-- One row per order, touch and attribution model with the touch's share of the order; the shares of an order sum to one, but for rounding.
with

paths as (

    select
        paths.*,
        ({{ epoch_seconds('paths.ordered_at') }} - {{ epoch_seconds('paths.touched_at') }}) / cast(86400 as double) as age_days,
        coalesce(removal.removal_effect, 0) as removal_effect
    from {{ ref('int_attribution__paths') }} as paths
    left join {{ ref('int_attribution__removal') }} as removal on paths.channel = removal.channel

),

raw_weights as (

    select order_id, touch_id, 'first' as model, cast(case when touch_number = 1 then 1 else 0 end as double) as weight from paths
    union all
    select order_id, touch_id, 'last', cast(case when touch_number = touch_count then 1 else 0 end as double) from paths
    union all
    select order_id, touch_id, 'linear', cast(1 as double) from paths
    union all
    -- U-shaped: two fifths to the first and the last, one fifth to all between; two touches share alike.
    select order_id, touch_id, 'position', cast(case
        when touch_count <= 2 then 1
        when touch_number in (1, touch_count) then 2 * (touch_count - 2)
        else 1
    end as double)
    from paths
    union all
    select order_id, touch_id, 'time_decay', power(cast(2 as double), -age_days / {{ var('attribution_half_life_days') }})
    from paths
    union all
    select order_id, touch_id, 'markov', greatest(removal_effect, 0) from paths

)

select
    order_id,
    touch_id,
    model,
    -- Where no touch of an order has any weight, all have the same.
    {{ rounded('case when sum(weight) over (partition by order_id, model) > 0 '
        ~ 'then weight / sum(weight) over (partition by order_id, model) '
        ~ 'else 1 / cast(count(*) over (partition by order_id, model) as double) end', 9) }} as share
from raw_weights
