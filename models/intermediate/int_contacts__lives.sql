-- One row per contact: from when they were known, and when they first ordered, won a deal, and so became a customer.
with

known as (

    select node, contact_id, known_at from {{ ref('int_identity__known') }}

),

starts as (

    select contact_id, min(known_at) as known_from from known
    group by contact_id

),

-- An order counts for a contact from when it was known to be theirs.
orders as (

    select
        known.contact_id,
        min(case when known.known_at > orders.ordered_at then known.known_at else orders.ordered_at end) as first_ordered_at
    from {{ ref('int_orders__orders') }} as orders
    inner join known on orders.node = known.node
    where orders.ordered_at <= {{ as_of() }}
    group by known.contact_id

),

deals as (

    select known.contact_id, min(deals.closed_at) as first_won_at
    from {{ ref('int_deals__unioned') }} as deals
    inner join known on deals.contact_node = known.node
    where deals.status = 'won' and deals.closed_at <= {{ as_of() }}
    group by known.contact_id

)

select
    starts.contact_id,
    starts.known_from,
    orders.first_ordered_at,
    deals.first_won_at,
    case
        when orders.first_ordered_at is null then deals.first_won_at
        when deals.first_won_at < orders.first_ordered_at then deals.first_won_at
        else orders.first_ordered_at
    end as converted_at
from starts
left join orders on starts.contact_id = orders.contact_id
left join deals on starts.contact_id = deals.contact_id
where starts.known_from <= {{ as_of() }}
