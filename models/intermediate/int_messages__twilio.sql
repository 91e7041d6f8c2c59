-- One row per delivered Twilio status, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('twilio', 'sms', 'coalesce(first_received_at, occurred_at)') }}
from {{ first_receipt('stg_twilio__message_statuses') }}
where message_id is not null
