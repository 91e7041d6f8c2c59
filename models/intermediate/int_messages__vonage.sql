-- One row per delivered Vonage receipt or message to us, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('vonage', 'sms', 'coalesce(first_received_at, occurred_at)') }}
from {{ first_receipt('stg_vonage__message_statuses', every=true) }}
where message_id is not null
