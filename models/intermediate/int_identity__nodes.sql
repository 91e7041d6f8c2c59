-- One row per identity node that belongs to a contact, and that contact; anonymous visitors are nobody yet.
with

components as (

    select * from {{ ref('int_identity__components') }}

),

contacts as (

    select * from {{ ref('int_contacts__records') }}

),

message_recipients as (

    select distinct recipient_node as node from {{ ref('int_messages__unioned') }}
    where recipient_node is not null

),

visitors as (

    select distinct node from {{ ref('int_events__daily') }}
    where node not like 'anon:%'

),

-- Whoever is tied to nobody is a component of one.
nodes as (

    select node, component from components

    union

    select alone.node, alone.node
    from (
        select record_node as node from contacts
        union
        select node from message_recipients
        union
        select node from visitors
    ) as alone
    where alone.node not in (select components.node from components)

),

-- The contact's key is the shop's oldest record of the person, else the id of the source that knows them.
named as (

    select
        nodes.component,
        min_by(substr(contacts.record_node, 6), (contacts.created_at, contacts.record_node)) as shop_contact_id,
        min(case when nodes.node not like 'anon:%' and nodes.node not like 'email:%'
            and nodes.node not like 'phone:%' then nodes.node end) as user_node,
        min(case when nodes.node like 'email:%' or nodes.node like 'phone:%' then nodes.node end) as address_node
    from nodes
    left join contacts on nodes.node = contacts.record_node and contacts.source = 'shop'
    group by nodes.component

)

select
    nodes.node,
    nodes.component,
    coalesce(
        named.shop_contact_id,
        case when named.user_node like 'user:%' then substr(named.user_node, 6) else named.user_node end,
        'p_' || substr(md5(named.address_node), 1, 16)
    ) as contact_id
from nodes
inner join named on nodes.component = named.component
where coalesce(named.shop_contact_id, named.user_node, named.address_node) is not null
