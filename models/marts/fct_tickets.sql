-- One row per support ticket and contact it concerns.
{{ config(materialized='view') }}

-- Two records that a ticket is tied to may be one person.
select distinct
    tickets.ticket_id,
    nodes.contact_id,
    tickets.owner_id,
    tickets.subject,
    tickets.stage,
    tickets.priority,
    tickets.is_open,
    tickets.opened_at,
    tickets.closed_at
from {{ ref('int_tickets__unioned') }} as tickets
left join {{ ref('int_identity__nodes') }} as nodes on tickets.contact_node = nodes.node
