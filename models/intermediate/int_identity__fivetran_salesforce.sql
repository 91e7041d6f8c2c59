-- One row per lead that became a contact and record that was merged in Salesforce, in the canonical columns of an identity link.
{{ config(materialized='ephemeral') }}

select
    'salesforce:' || person_key as left_node,
    'salesforce:' || lead_key as right_node,
    'converted' as evidence,
    'salesforce' as source,
    converted_at as occurred_at,
    batch
from {{ ref('stg_fivetran_salesforce__conversions') }}
union all
select
    'salesforce:' || kept_key,
    'salesforce:' || person_key,
    'merged',
    'salesforce',
    merged_at,
    batch
from {{ ref('stg_fivetran_salesforce__merges') }}
