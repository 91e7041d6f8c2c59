-- One row per delivered Resend event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('resend', 'email') }}
from {{ ref('stg_resend__events') }}
where message_id is not null
