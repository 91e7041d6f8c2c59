-- One row per open or click, with what made it and the evidence; only the human ones count anywhere.
{{ config(materialized='view') }}

select message_event_id, message_id, event, url, occurred_at, made_by, evidence, is_human
from {{ ref('int_messages__reactions') }}
