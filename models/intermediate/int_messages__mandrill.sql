-- One row per delivered Mandrill event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('mandrill', 'email') }}
from {{ ref('stg_mandrill__events') }}
where message_id is not null
