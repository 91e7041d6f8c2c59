-- One row per identity node that would tie strangers together, with the evidence; it ties nobody.
with

edges as (

    select * from {{ ref('int_identity__edges') }}
    where left_node <> right_node

),

-- A device that many people identify on is shared: a till, a library, a test machine.
devices as (

    select right_node as node, 'shared device' as reason, count(distinct left_node) as tie_count,
        {{ var('identity_people_per_device') }} as most, min(left_node) as one, max(left_node) as another
    from edges
    where evidence = 'same event'
    group by right_node
    having count(distinct left_node) > {{ var('identity_people_per_device') }}

),

record_emails as (

    select left_node, min(right_node) as email_node
    from edges
    where evidence = 'record' and right_node like 'email:%'
    group by left_node

),

-- A phone that serves several e-mail addresses is a family's or an office's.
phones as (

    select edges.right_node as node, 'shared phone' as reason,
        count(distinct coalesce(emails.email_node, edges.left_node)) as tie_count,
        {{ var('identity_people_per_phone') }} as most,
        min(coalesce(emails.email_node, edges.left_node)) as one, max(coalesce(emails.email_node, edges.left_node)) as another
    from edges
    left join record_emails as emails on edges.left_node = emails.left_node
    where edges.right_node like 'phone:%'
    group by edges.right_node
    having count(distinct coalesce(emails.email_node, edges.left_node)) > {{ var('identity_people_per_phone') }}

),

addresses as (

    select right_node as node, 'shared address' as reason, count(distinct left_node) as tie_count,
        {{ var('identity_people_per_email') }} as most, min(left_node) as one, max(left_node) as another
    from edges
    where right_node like 'email:%'
    group by right_node
    having count(distinct left_node) > {{ var('identity_people_per_email') }}

),

accounts as (

    select left_node as node, 'shared account' as reason, count(distinct right_node) as tie_count,
        {{ var('identity_emails_per_account') }} as most, min(right_node) as one, max(right_node) as another
    from edges
    where evidence = 'identify'
    group by left_node
    having count(distinct right_node) > {{ var('identity_emails_per_account') }}

),

-- What programs send when they have no id.
junk as (

    select node, 'junk id' as reason, count(*) as tie_count, 0 as most, min(other) as one, max(other) as another
    from (
        select left_node as node, right_node as other from edges
        union all
        select right_node, left_node from edges
    ) as ends
    where {{ matches_pattern("lower(node)", var('identity_junk_pattern')) }}
    group by node

)

select node, min(reason) as reason, max(tie_count) as tie_count, max(most) as most, min(one) as one, max(another) as another
from (
    select * from devices
    union all
    select * from phones
    union all
    select * from addresses
    union all
    select * from accounts
    union all
    select * from junk
) as found
group by node
