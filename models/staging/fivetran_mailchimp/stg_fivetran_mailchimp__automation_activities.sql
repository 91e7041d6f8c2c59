-- One row per action of a recipient of a e-mail of a Mailchimp automation; Mailchimp gives it no id, so it is known by all that it says.
{{ config(materialized='ephemeral') }}

select
    {{ said_hash(['automation_email_id', 'list_id', 'member_id', 'lower(action)', epoch_seconds('timestamp'), 'url', 'ip', 'lower(bounce_type)']) }} as activity_id,
    automation_email_id as mailing_id,
    list_id,
    member_id,
    cast(null as {{ dbt.type_string() }}) as variant,
    lower(action) as action,
    lower(bounce_type) as bounce_type,
    url,
    ip,
    timestamp as occurred_at,
    min(_batch) as batch
from {{ source('fivetran_mailchimp', 'automation_recipient_activity') }}
group by
    automation_email_id, list_id, member_id, lower(action), lower(bounce_type), url, ip, timestamp
