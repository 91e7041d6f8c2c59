-- One row per identity node that belongs to a contact, and that contact; anonymous visitors are nobody yet.
{{ incremental_by_key('node') }}
{{ config(pre_hook="{{ forget_touched(ref('int_identity__components'), 'node') }}") }}

with

nodes as (

    select node, component, batch from {{ ref('int_identity__components') }}
    where component is not null
        and batch > {{ newest_batch() }}

),

contacts as (

    select record_node, substr(record_node, 6) as contact_id, created_at
    from {{ ref('int_contacts__records') }}
    where source = 'shop'

),

-- The contact's key is the shop's oldest record of the person, else the id of the source that knows them.
named as (

    select
        nodes.component,
        -- Nodes that are no record of the shop have no pair, and engines differ in where that sorts.
        min_by(contacts.contact_id, (contacts.created_at, contacts.contact_id))
            filter (where contacts.contact_id is not null) as shop_contact_id,
        min(case when nodes.node not like 'anon:%' and nodes.node not like 'email:%'
            and nodes.node not like 'phone:%' then nodes.node end) as user_node,
        min(case when nodes.node like 'email:%' or nodes.node like 'phone:%' then nodes.node end) as address_node
    from nodes
    left join contacts on nodes.node = contacts.record_node
    group by nodes.component

)

select
    nodes.node,
    nodes.component,
    coalesce(
        named.shop_contact_id,
        case when named.user_node like 'user:%' then substr(named.user_node, 6) else named.user_node end,
        'p_' || substr(md5(named.address_node), 1, 16)
    ) as contact_id,
    nodes.batch
from nodes
inner join named on nodes.component = named.component
where coalesce(named.shop_contact_id, named.user_node, named.address_node) is not null
