-- One row per e-mail of a Mailchimp automation, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as automation_email_id,
    automation_id,
    coalesce(nullif(trim(title), ''), nullif(trim(subject_line), '')) as name,
    _batch as batch
from {{ source('fivetran_mailchimp', 'automation_email') }}
{{ newest(['id'], '_fivetran_synced') }}
