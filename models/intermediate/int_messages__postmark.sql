-- One row per delivered Postmark webhook, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('postmark', 'email') }}
from {{ ref('stg_postmark__events') }}
where message_id is not null
