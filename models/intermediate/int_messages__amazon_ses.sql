-- One row per delivered Amazon SES notification and recipient, in the canonical columns of a message event.
{{ config(materialized='ephemeral') }}

select
    {{ message_event('amazon_ses', 'email') }}
from {{ ref('stg_amazon_ses__events') }}
where message_id is not null
