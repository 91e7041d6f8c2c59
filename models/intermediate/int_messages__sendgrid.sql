-- One row per delivered SendGrid event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('sendgrid', 'email') }}
from {{ ref('stg_sendgrid__events') }}
