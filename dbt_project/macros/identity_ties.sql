{# One row per identity node, what it may be shared as, and somebody it would tie: phones, devices, addresses, accounts, and
   ids that are none. `candidates`, where given, is a relation of the only nodes to ask about, as `node`. #}
{% macro identity_ties(edges, candidates=none) -%}
    {%- set asked = 'and {} in (select candidates.node from ' ~ candidates ~ ' as candidates)' if candidates else '' -%}
    with

    to_right as (

        select left_node, right_node, evidence from {{ edges }}
        where left_node <> right_node {{ asked.format('right_node') }}

    ),

    to_left as (

        select left_node, right_node, evidence from {{ edges }}
        where left_node <> right_node {{ asked.format('left_node') }}

    ),

    -- Two records of one address are one person, as far as a phone can tell.
    record_emails as (

        select left_node, min(right_node) as email_node
        from {{ edges }}
        where evidence = 'record' and right_node like 'email:%' and left_node <> right_node
            {%- if candidates %} and left_node in (select to_right.left_node from to_right where to_right.right_node like 'phone:%'){% endif %}
        group by left_node

    )

    -- A device that many people identify on is shared: a till, a library, a test machine.
    select right_node as node, 'shared device' as reason, {{ var('identity_people_per_device') }} as most, left_node as other
    from to_right
    where evidence = 'same event'

    union all

    -- A phone that serves several e-mail addresses is a family's or an office's.
    select to_right.right_node, 'shared phone', {{ var('identity_people_per_phone') }}, coalesce(emails.email_node, to_right.left_node)
    from to_right
    left join record_emails as emails on to_right.left_node = emails.left_node
    where to_right.right_node like 'phone:%'

    union all

    select right_node, 'shared address', {{ var('identity_people_per_email') }}, left_node
    from to_right
    where right_node like 'email:%'

    union all

    select left_node, 'shared account', {{ var('identity_emails_per_account') }}, right_node
    from to_left
    where evidence = 'identify'

    union all

    -- What programs send when they have no id.
    select left_node, 'junk id', 0, right_node
    from to_left
    where {{ matches_pattern("lower(left_node)", var('identity_junk_pattern')) }}

    union all

    select right_node, 'junk id', 0, left_node
    from to_right
    where {{ matches_pattern("lower(right_node)", var('identity_junk_pattern')) }}
{%- endmacro %}
