-- One row per deal and weekly landmark while it was open, and one for now if it still is.
with

deals as (

    -- A deal that closed after now is still open: nothing is known before it happened.
    select
        deal_id,
        source_system,
        account_id,
        contact_node,
        owner_id,
        pipeline,
        source,
        case when closed_at > {{ as_of() }} then 'open' else status end as status,
        created_at,
        case when closed_at <= {{ as_of() }} then closed_at end as closed_at
    from {{ ref('int_deals__unioned') }}
    where created_at is not null and created_at <= {{ as_of() }}

),

weekly as (

    select
        deals.*,
        {{ from_epoch_seconds(epoch_seconds('deals.created_at') ~ ' + numbers.n * 7 * 86400') }} as snapshot_at,
        false as is_current
    from deals
    inner join {{ numbers() }} as numbers
        on {{ epoch_seconds('deals.created_at') }} + numbers.n * 7 * 86400
            < {{ epoch_seconds('coalesce(deals.closed_at, ' ~ as_of() ~ ')') }}

),

current_ones as (

    select
        deals.*,
        {{ as_of() }} as snapshot_at,
        true as is_current
    from deals
    where status = 'open'

)

select * from weekly
union all
select * from current_ones
