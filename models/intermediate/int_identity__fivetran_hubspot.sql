-- One row per HubSpot contact that was merged into another, in the canonical columns of an identity link.
{{ config(materialized='ephemeral') }}

select
    'hubspot:' || kept_key as left_node,
    'hubspot:' || merged_key as right_node,
    'merged' as evidence,
    'hubspot' as source,
    merged_at as occurred_at,
    batch
from {{ ref('stg_fivetran_hubspot__merges') }}
union all
select
    'hubspot:' || kept_key,
    'hubspot:' || merged_key,
    'merged',
    'hubspot',
    merged_at,
    batch
from {{ ref('stg_fivetran_hubspot__merged_contacts') }}
