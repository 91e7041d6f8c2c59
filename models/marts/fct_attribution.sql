-- One row per order, attribution model and touch with its whole cents of the order's revenue; they sum to the order exactly.
with

shares as (

    select
        paths.order_id,
        weights.model,
        paths.touch_id,
        paths.contact_id,
        paths.channel,
        paths.campaign,
        paths.ordered_at,
        paths.touched_at,
        paths.currency,
        paths.revenue_cents,
        cast(floor(paths.revenue_cents * weights.share) as bigint) as whole_cents,
        {{ rounded('paths.revenue_cents * weights.share - floor(paths.revenue_cents * weights.share)', 6) }} as left_part
    from {{ ref('int_attribution__weights') }} as weights
    inner join {{ ref('int_attribution__paths') }} as paths
        on weights.order_id = paths.order_id and weights.touch_id = paths.touch_id

),

-- The cents that rounding down leaves over go to the largest remainders, one each.
placed as (

    select
        *,
        revenue_cents - sum(whole_cents) over (partition by order_id, model) as spare_cents,
        row_number() over (
            partition by order_id, model order by left_part desc nulls last, touched_at desc nulls last, touch_id nulls last
        ) as place
    from shares

)

select
    order_id,
    model,
    touch_id,
    contact_id,
    channel,
    campaign,
    currency,
    cast(whole_cents + case when place <= spare_cents then 1 else 0 end as bigint) as revenue_cents,
    ordered_at,
    touched_at
from placed

union all

-- What nothing led to is nobody's, in every model.
select
    orders.order_id,
    models.model,
    'none',
    orders.contact_id,
    'none',
    cast(null as {{ dbt.type_string() }}),
    orders.currency,
    cast(orders.revenue_cents - orders.refunded_cents as bigint),
    orders.ordered_at,
    cast(null as timestamp)
from {{ ref('fct_orders') }} as orders
cross join (
    select 'first' as model union all select 'last' union all select 'linear'
    union all select 'position' union all select 'time_decay' union all select 'markov'
) as models
where not orders.is_cancelled
    and orders.ordered_at <= {{ as_of() }}
    and orders.order_id not in (select paths.order_id from {{ ref('int_attribution__paths') }} as paths)
