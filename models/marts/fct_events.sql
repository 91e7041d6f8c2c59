-- One row per event, with the contact it belongs to as identity stands now; a view, so late stitching rewrites nothing.
{{ config(materialized='view') }}

select
    event_id,
    source,
    contact_id,
    event_type,
    event_name,
    page_url,
    product_id,
    category,
    cart_id,
    order_id,
    value_cents,
    machine_evidence is not null as is_machine,
    machine_evidence,
    occurred_at,
    event_date
from {{ ref('int_events__stitched') }}
