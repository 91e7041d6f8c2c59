-- One row per thing that happened with a contact: days of visits, carts, forms, orders, messages, deals, tasks, tickets, segments, deliveries.
{{ config(materialized='view') }}

select contact_id, occurred_at, kind, title, detail
from {{ ref('int_contacts__timeline') }}

union all

select nodes.contact_id, visits.entered_at, 'deal', coalesce(deals.name, deals.deal_id) || ' is ' || visits.stage, deals.pipeline
from {{ ref('int_deals__stage_visits') }} as visits
inner join {{ ref('int_deals__unioned') }} as deals on visits.deal_id = deals.deal_id
inner join {{ ref('int_identity__nodes') }} as nodes on deals.contact_node = nodes.node

union all

select
    nodes.contact_id,
    tasks.created_at,
    'task',
    coalesce(tasks.direction || ' ', '') || tasks.type,
    case when tasks.completed_at is null then 'open' else 'done' end
from {{ ref('int_tasks__unioned') }} as tasks
inner join {{ ref('int_identity__nodes') }} as nodes on tasks.contact_node = nodes.node
where tasks.created_at is not null

union all

select contact_id, opened_at, 'ticket', 'opened a ticket: ' || coalesce(subject, ticket_id), case when is_open then 'open' else 'closed' end
from {{ ref('fct_tickets') }}
where contact_id is not null and opened_at is not null

union all

select contact_id, closed_at, 'ticket', 'ticket closed: ' || coalesce(subject, ticket_id), stage
from {{ ref('fct_tickets') }}
where contact_id is not null and closed_at is not null

union all

select contact_id, entered_at, 'segment', 'entered ' || segment, reason
from segments.membership_history

union all

select contact_id, left_at, 'segment', 'left ' || segment, reason
from segments.membership_history
where left_at is not null

union all

select contact_id, attempted_at, 'delivery', sync || ' ' || operation, outcome
from {{ ref('stg_activations__receipts') }}
where contact_id is not null and attempted_at is not null
