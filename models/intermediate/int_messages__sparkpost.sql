-- One row per delivered SparkPost event, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('sparkpost', 'email') }}
from {{ ref('stg_sparkpost__events') }}
where message_id is not null
