-- One row per e-mail of a Mailchimp automation and member it went to, with when Fivetran first wrote the row: it says no time of its own.
{{ config(materialized='ephemeral') }}

select
    automation_email_id as mailing_id,
    list_id,
    member_id,
    cast(null as {{ dbt.type_string() }}) as variant,
    min(_fivetran_synced) as first_seen_at,
    min(_batch) as batch
from {{ source('fivetran_mailchimp', 'automation_recipient') }}
group by automation_email_id, list_id, member_id
