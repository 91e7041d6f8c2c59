-- One row per step from one channel to the next on the paths of contacts, with how often it was taken; ends in sale or nothing.
with

-- Touches that led to no order within the window are paths of their own, one per contact.
fruitless as (

    select
        touches.contact_id,
        touches.channel,
        row_number() over (
            partition by touches.contact_id order by touches.touched_at nulls last, touches.touch_id nulls last
        ) as touch_number,
        count(*) over (partition by touches.contact_id) as touch_count
    from {{ ref('int_attribution__touches') }} as touches
    where touches.touch_id not in (select paths.touch_id from {{ ref('int_attribution__paths') }} as paths)

),

touches as (

    select 'order ' || order_id as path, 'sale' as ending, channel, touch_number, touch_count
    from {{ ref('int_attribution__paths') }}
    union all
    select 'contact ' || contact_id, 'nothing', channel, touch_number, touch_count from fruitless

),

steps as (

    select 'start' as from_channel, channel as to_channel from touches
    where touch_number = 1
    union all
    select touches.channel, coalesce(following.channel, touches.ending)
    from touches
    left join touches as following
        on touches.path = following.path and touches.touch_number + 1 = following.touch_number

)

select
    from_channel,
    to_channel,
    count(*) as step_count,
    count(*) / cast(sum(count(*)) over (partition by from_channel) as double) as share
from steps
group by from_channel, to_channel
