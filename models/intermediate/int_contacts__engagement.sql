-- One row per contact who got a message: deliveries and human reactions by window, as of now.
{{ incremental_by_contact() }}

with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}
    {% if extends_itself() %}
    where contact_id in (
        {{ touched_contacts() }}
        union
        select nodes.contact_id
        from {{ ref('int_identity__nodes') }} as nodes
        inner join {{ ref('int_messages__messages') }} as messages on nodes.node = messages.recipient_node
        where {{ comes_into_view('messages.sent_at') }}
            or {{ leaves_window('cast(coalesce(messages.delivered_at, messages.sent_at) as date)', [90, 180]) }}
    )
    {% endif %}

),

messages as (

    select
        nodes.contact_id,
        messages.delivered_at,
        messages.first_opened_at,
        messages.first_clicked_at,
        {{ dbt.datediff('coalesce(messages.delivered_at, messages.sent_at)', as_of(), 'day') }} as days_ago
    from {{ ref('int_messages__messages') }} as messages
    inner join nodes on messages.recipient_node = nodes.node
    where messages.sent_at <= {{ as_of() }}
        -- Said twice: by the join alone, all messages would be joined before it is asked whose they are.
        and messages.recipient_node in (select nodes.node from nodes)

)

select
    contact_id,
    count(*) as message_count,
    cast(sum(case when delivered_at is not null and days_ago <= 90 then 1 else 0 end) as bigint) as delivered_90d,
    cast(sum(case when first_opened_at is not null and days_ago <= 90 then 1 else 0 end) as bigint) as opened_90d,
    cast(sum(case when first_clicked_at is not null and days_ago <= 90 then 1 else 0 end) as bigint) as clicked_90d,
    cast(sum(case when delivered_at is not null and days_ago <= 180 then 1 else 0 end) as bigint) as delivered_180d,
    max(delivered_at) as last_delivered_at,
    max(first_opened_at) as last_opened_at,
    max(first_clicked_at) as last_clicked_at,
    {{ as_of() }} as computed_at,
    {{ newest_news() }} as batch
from messages
group by contact_id
