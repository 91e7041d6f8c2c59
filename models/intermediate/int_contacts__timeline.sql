-- One row per thing that happened with a contact, from events, messages, orders, deals and tasks; recomputed by contact.
{{ incremental_by_contact() }}

with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}
    {% if extends_itself() %}where contact_id in ({{ touched_contacts() }}){% endif %}

),

days as (

    select
        nodes.contact_id,
        min(daily.first_at) as occurred_at,
        daily.kind,
        sum(daily.event_count) as event_count,
        daily.event_date
    from {{ ref('int_events__daily') }} as daily
    inner join nodes on daily.node = nodes.node
    where daily.kind in ('visit', 'product_view', 'cart', 'checkout', 'form')
    group by nodes.contact_id, daily.kind, daily.event_date

),

entries as (

    select
        contact_id,
        occurred_at,
        kind,
        case kind
            when 'visit' then 'visited'
            when 'product_view' then 'looked at products'
            when 'cart' then 'put into the cart'
            when 'checkout' then 'started the checkout'
            else 'sent a form'
        end as title,
        cast(event_count as {{ dbt.type_string() }}) || case when event_count = 1 then ' time' else ' times' end as detail
    from days

    union all

    select
        nodes.contact_id,
        orders.ordered_at,
        'order',
        'ordered ' || orders.order_id,
        cast(cast(orders.revenue_cents / 100 as decimal(18, 2)) as {{ dbt.type_string() }}) || ' ' || orders.currency
        || case when orders.refunded_cents > 0 then ', refunded' else '' end
    from {{ ref('int_orders__orders') }} as orders
    inner join nodes on orders.node = nodes.node

    union all

    select
        nodes.contact_id,
        messages.sent_at,
        'message',
        messages.channel || ' ' || coalesce(messages.campaign, messages.message_id),
        messages.state
        || case when messages.first_opened_at is not null then ', opened' else '' end
        || case when messages.first_clicked_at is not null then ', clicked' else '' end
        || case when messages.unsubscribed_at is not null then ', unsubscribed' else '' end
    from {{ ref('int_messages__messages') }} as messages
    inner join nodes on messages.recipient_node = nodes.node

)

select contact_id, occurred_at, kind, title, detail, {{ newest_news() }} as batch from entries
where occurred_at is not null
