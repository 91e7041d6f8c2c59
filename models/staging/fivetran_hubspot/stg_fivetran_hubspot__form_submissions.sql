-- One row per form that a HubSpot contact sent.
{{ config(materialized='ephemeral') }}

select
    contact_id as contact_key,
    form_id as form_key,
    page_url,
    title,
    timestamp as occurred_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'contact_form_submission') }}
{{ newest(['contact_id', 'form_id', 'timestamp'], '_fivetran_synced') }}
