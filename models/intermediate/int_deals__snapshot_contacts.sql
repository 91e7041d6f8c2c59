-- One row per deal and landmark: tasks done and overdue, replies, and what its contact had done in the 30 days before.
with

landmarks as (

    select distinct landmarks.deal_id, landmarks.snapshot_at, nodes.contact_id
    from {{ ref('int_deals__landmarks') }} as landmarks
    left join {{ ref('int_identity__known') }} as nodes
        on landmarks.contact_node = nodes.node and nodes.known_at <= landmarks.snapshot_at

),

-- Few contacts have deals: only their nodes are followed into events and messages.
deal_nodes as (

    select node, contact_id, known_at from {{ ref('int_identity__known') }}
    where contact_id in (select landmarks.contact_id from landmarks where landmarks.contact_id is not null)

),

daily as (

    select nodes.contact_id, nodes.known_at, daily.event_date, sum(daily.event_count) as event_count
    from {{ ref('int_events__daily') }} as daily
    inner join deal_nodes as nodes on daily.node = nodes.node
    where daily.kind = 'visit'
    group by 1, 2, 3

),

visits as (

    select landmarks.deal_id, landmarks.snapshot_at, sum(daily.event_count) as visits
    from landmarks
    inner join daily
        on landmarks.contact_id = daily.contact_id
        and daily.known_at <= landmarks.snapshot_at
        -- Whole days before the landmark's own: a day's count is known only when it is over.
        and daily.event_date < cast(landmarks.snapshot_at as date)
        and {{ dbt.datediff('daily.event_date', 'landmarks.snapshot_at', 'day') }} <= 30
    group by landmarks.deal_id, landmarks.snapshot_at

),

clicks as (

    select landmarks.deal_id, landmarks.snapshot_at, count(*) as clicks
    from landmarks
    inner join deal_nodes as nodes on landmarks.contact_id = nodes.contact_id and nodes.known_at <= landmarks.snapshot_at
    inner join {{ ref('int_messages__messages') }} as messages
        on nodes.node = messages.recipient_node
        and messages.first_clicked_at <= landmarks.snapshot_at
        and {{ dbt.datediff('messages.first_clicked_at', 'landmarks.snapshot_at', 'day') }} <= 30
    group by landmarks.deal_id, landmarks.snapshot_at

)

select
    landmarks.deal_id,
    landmarks.snapshot_at,
    tasks.tasks_done_count,
    tasks.tasks_overdue_count,
    tasks.inbound_count,
    ({{ epoch_seconds('landmarks.snapshot_at') }} - {{ epoch_seconds('tasks.last_inbound_at') }}) / 86400 as days_since_two_way_contact,
    cast(visits.visits as bigint) as contact_visits_30d,
    cast(clicks.clicks as bigint) as contact_clicks_30d,
    spans.acquisition_source as contact_lead_source
from landmarks
left join {{ ref('int_deals__snapshot_tasks') }} as tasks
    on landmarks.deal_id = tasks.deal_id and landmarks.snapshot_at = tasks.snapshot_at
left join visits on landmarks.deal_id = visits.deal_id and landmarks.snapshot_at = visits.snapshot_at
left join clicks on landmarks.deal_id = clicks.deal_id and landmarks.snapshot_at = clicks.snapshot_at
left join {{ ref('int_contacts__spans') }} as spans
    on landmarks.contact_id = spans.contact_id
    and landmarks.snapshot_at >= spans.holds_from and (spans.holds_until is null or landmarks.snapshot_at < spans.holds_until)
