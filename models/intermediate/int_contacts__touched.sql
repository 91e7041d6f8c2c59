-- One row per contact with news, kind of news and load that brought it; whoever is computed by contact asks here who changed.
{{ incremental_by_append() }}
{% set since = newest_batch() if extends_itself() else 'cast(null as bigint)' %}

with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}

),

changes as (

    select previous_contact_id, contact_id, batch from {{ ref('int_identity__changes') }}
    where batch > {{ newest_batch() }}

),

newest as (

    select max(batch) as batch from (
        select max(batch) as batch from {{ ref('int_contacts__records') }}
        union all
        select max(batch) from {{ ref('int_events__daily') }}
        union all
        select max(batch) from {{ ref('int_messages__states') }}
        union all
        select max(batch) from {{ ref('int_orders__orders') }}
    ) as loads

),

news as (

    select contact_id, 'identity' as news, batch from changes

    union all

    -- Whoever lost a node must be computed anew as well, or go.
    select previous_contact_id, 'identity', batch from changes

    union all

    -- Where all is new, everybody is news, as of the newest load that had a part in anybody.
    select nodes.contact_id, 'all', newest.batch
    from nodes
    cross join newest
    where {{ 'false' if extends_itself() else 'true' }}

    union all

    select nodes.contact_id, 'record', records.batch
    from {{ ref('int_contacts__records') }} as records
    inner join nodes on records.record_node = nodes.node
    where records.batch > {{ since }}

    union all

    select nodes.contact_id, 'event', daily.batch
    from {{ ref('int_events__daily') }} as daily
    inner join nodes on daily.node = nodes.node
    where daily.batch > {{ since }}

    union all

    select nodes.contact_id, 'message', states.batch
    from {{ ref('int_messages__states') }} as states
    inner join nodes on states.recipient_node = nodes.node
    where states.batch > {{ since }}

    union all

    -- An order's news need not name anybody, and may move it to somebody else: all whom it ever named must know.
    select nodes.contact_id, 'order', orders.batch
    from {{ ref('int_orders__orders') }} as orders
    inner join {{ ref('int_orders__events') }} as events on orders.order_id = events.order_id
    inner join nodes on events.node = nodes.node
    where orders.batch > {{ since }}

    union all

    -- So may a message's: whoever it was to before must know.
    select nodes.contact_id, 'message', states.batch
    from {{ ref('int_messages__states') }} as states
    inner join nodes on states.previous_node = nodes.node
    where states.batch > {{ since }}

)

select
    contact_id,
    news,
    max(batch) as batch
from news
where contact_id is not null
group by contact_id, news
