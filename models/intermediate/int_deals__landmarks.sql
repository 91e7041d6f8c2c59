-- One row per deal and weekly landmark while it was open, and one for now if it still is; owner and account as known then.
with

deals as (

    -- A deal that closed after now is still open: nothing is known before it happened.
    select
        deal_id,
        source_system,
        contact_node,
        creator_id,
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

),

landmarks as (

    select * from weekly
    union all
    select * from current_ones

)

select
    landmarks.deal_id,
    landmarks.source_system,
    spans.account_id,
    landmarks.contact_node,
    spans.owner_id,
    landmarks.creator_id,
    spans.pipeline,
    spans.source,
    spans.industry,
    spans.employees,
    landmarks.status,
    landmarks.created_at,
    landmarks.closed_at,
    landmarks.snapshot_at,
    landmarks.is_current
from landmarks
left join {{ ref('int_deals__spans') }} as spans
    on landmarks.deal_id = spans.deal_id
    and landmarks.snapshot_at >= spans.holds_from
    and (spans.holds_until is null or landmarks.snapshot_at < spans.holds_until)
