-- One row per delivered Brevo event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('brevo', 'email') }}
from {{ ref('stg_brevo__events') }}
where message_id is not null
