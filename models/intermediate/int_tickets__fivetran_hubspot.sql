-- One row per HubSpot ticket and contact it concerns, in the canonical columns of a ticket.
{{ config(materialized='ephemeral') }}

select
    'hubspot:' || tickets.ticket_key as ticket_id,
    'hubspot' as source_system,
    'hubspot:' || contacts.contact_key as contact_node,
    'hubspot:' || tickets.owner_key as owner_id,
    tickets.subject,
    coalesce(stages.stage, tickets.stage_key) as stage,
    tickets.priority,
    tickets.closed_at is null and not coalesce(stages.is_closed, false) as is_open,
    tickets.created_at as opened_at,
    tickets.closed_at
from {{ ref('stg_fivetran_hubspot__tickets') }} as tickets
left join {{ ref('stg_fivetran_hubspot__ticket_stages') }} as stages
    on tickets.stage_key = stages.stage_key
        -- A connection without the ticket's pipeline has one.
        and coalesce(tickets.pipeline_key, '0') = stages.pipeline_key
left join {{ ref('stg_fivetran_hubspot__ticket_contacts') }} as contacts on tickets.ticket_key = contacts.ticket_key
where not tickets.is_deleted
