-- One row per moment at which marketing reached a contact: a click, a visit with a campaign in its address, an answer, the first source.
with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}

),

visits as (

    select
        nodes.contact_id,
        nullif({{ extract_pattern('page_url', 'utm_medium=([^&#]+)', 1) }}, '') as medium,
        nullif({{ extract_pattern('page_url', 'utm_source=([^&#]+)', 1) }}, '') as utm_source,
        nullif({{ extract_pattern('page_url', 'utm_campaign=([^&#]+)', 1) }}, '') as campaign,
        events.event_id,
        events.occurred_at
    from {{ ref('int_events__unioned') }} as events
    inner join nodes on coalesce(events.user_node, events.anonymous_node) = nodes.node
    where events.page_url like '%utm_%'
        and events.machine_evidence is null

),

touches as (

    select nodes.contact_id, messages.message_id as touch_id, messages.channel, messages.campaign,
        messages.first_clicked_at as touched_at
    from {{ ref('int_messages__messages') }} as messages
    inner join nodes on messages.recipient_node = nodes.node
    where messages.first_clicked_at is not null

    union all

    select contact_id, event_id, coalesce(medium, utm_source, 'campaign'), campaign, occurred_at from visits

    union all

    select nodes.contact_id, 'salesforce:response:' || members.member_key, members.kind, members.campaign, members.responded_at
    from {{ ref('int_campaigns__fivetran_salesforce') }} as members
    inner join nodes on members.record_node = nodes.node
    where members.responded_at is not null

    union all

    select contact_id, 'acquisition:' || contact_id, acquisition_source, cast(null as {{ dbt.type_string() }}), created_at
    from {{ ref('int_contacts__profiles') }}
    where acquisition_source is not null and created_at is not null

)

select contact_id, touch_id, channel, campaign, touched_at
from touches
where touched_at <= {{ as_of() }}
