-- One row per delivered Mailjet event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('mailjet', 'email') }}
from {{ ref('stg_mailjet__events') }}
where message_id is not null
