-- One row per stay of a contact in a segment. Every segment records its members as it is built; nobody lists segments.
{{ config(materialized='view', post_hook=[]) }}

select contact_id, segment, reason, entered_at, left_at
from segments.membership_history
