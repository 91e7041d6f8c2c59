-- One row per Mailchimp member in a segment (Mailchimp keeps tags as segments), in the canonical columns of a tag.
{{ config(materialized='ephemeral') }}

select
    'mailchimp:' || coalesce(members.list_id, segments.list_id, '') || ':' || members.member_id as record_node,
    'mailchimp' as source,
    coalesce(segments.name, 'segment ' || members.segment_id) as tag,
    members.added_at,
    coalesce(members.removed_at, segments.gone_at) as removed_at,
    greatest(members.batch, coalesce(segments.batch, 0)) as batch
from {{ ref('stg_fivetran_mailchimp__segment_members') }} as members
left join {{ ref('stg_fivetran_mailchimp__segments') }} as segments on members.segment_id = segments.segment_id
