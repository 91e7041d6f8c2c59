-- One row per Mailchimp segment and member, as Fivetran last wrote it, and since when Fivetran knows of it.
{{ config(materialized='ephemeral') }}

select
    segment_id,
    member_id,
    list_id,
    min(_fivetran_synced) over (partition by segment_id, member_id) as added_at,
    case when _fivetran_deleted then _fivetran_synced end as removed_at,
    _batch as batch
from {{ source('fivetran_mailchimp', 'segment_member') }}
{{ newest(['segment_id', 'member_id'], '_fivetran_synced') }}
