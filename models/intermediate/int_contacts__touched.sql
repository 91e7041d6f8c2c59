-- One row per contact with news, kind of news and load that brought it; whoever is computed by contact asks here who changed.
{{ incremental_by_append() }}

with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}

),

changes as (

    select previous_contact_id, contact_id, batch from {{ ref('int_identity__changes') }}
    where batch > {{ newest_batch() }}

),

news as (

    select contact_id, 'identity' as news, batch from changes

    union all

    -- Whoever lost a node must be computed anew as well, or go.
    select previous_contact_id, 'identity', batch from changes

    union all

    select nodes.contact_id, 'record', records.batch
    from {{ ref('int_contacts__records') }} as records
    inner join nodes on records.record_node = nodes.node
    where records.batch > {{ newest_batch() }}

    union all

    select nodes.contact_id, 'event', daily.batch
    from {{ ref('int_events__daily') }} as daily
    inner join nodes on daily.node = nodes.node
    where daily.batch > {{ newest_batch() }}

    union all

    select nodes.contact_id, 'message', states.batch
    from {{ ref('int_messages__states') }} as states
    inner join nodes on states.recipient_node = nodes.node
    where states.batch > {{ newest_batch() }}

    union all

    -- An order's news need not name anybody, and may move it to somebody else: all whom it ever named must know.
    select nodes.contact_id, 'order', orders.batch
    from {{ ref('int_orders__orders') }} as orders
    inner join {{ ref('int_orders__events') }} as events on orders.order_id = events.order_id
    inner join nodes on events.node = nodes.node
    where orders.batch > {{ newest_batch() }}

    union all

    -- So may a message's: whoever it was to before. Where all is new, there is no before.
    select nodes.contact_id, 'message', states.batch
    from {{ ref('int_messages__states') }} as states
    inner join {{ ref('int_messages__unioned') }} as events on states.message_id = events.message_id
    inner join nodes on events.recipient_node = nodes.node
    where states.batch > {{ newest_batch() }}
        and {{ since_touched(
            'events.event_date', ref('int_messages__states'), 'message_id', ref('int_messages__states'),
            relation_day='cast(sent_at as date)'
        ) }}
        and {{ 'true' if extends_itself() else 'false' }}

)

select
    contact_id,
    news,
    max(batch) as batch
from news
where contact_id is not null
group by contact_id, news
