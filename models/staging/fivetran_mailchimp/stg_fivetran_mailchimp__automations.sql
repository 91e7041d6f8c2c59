-- One row per Mailchimp automation, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as automation_id,
    list_id,
    nullif(trim(title), '') as name,
    _batch as batch
from {{ source('fivetran_mailchimp', 'automation') }}
{{ newest(['id'], '_fivetran_synced') }}
