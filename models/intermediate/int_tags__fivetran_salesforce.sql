-- One row per campaign of Salesforce and contact or lead in it, in the canonical columns of a tag: being put into one is nobody's consent.
{{ config(materialized='ephemeral') }}

select
    record_node,
    'salesforce' as source,
    'campaign: ' || lower(campaign) as tag,
    added_at,
    removed_at,
    batch
from {{ ref('int_campaigns__fivetran_salesforce') }}
