-- One row per delivered Mailgun event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('mailgun', 'email') }}
from {{ ref('stg_mailgun__events') }}
where message_id is not null
