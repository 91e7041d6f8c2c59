-- One row per segment of a Mailchimp audience, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as segment_id,
    list_id,
    lower(coalesce(nullif(trim(name), ''), 'segment ' || id)) as name,
    case when _fivetran_deleted then _fivetran_synced end as gone_at,
    _batch as batch
from {{ source('fivetran_mailchimp', 'segment') }}
{{ newest(['id'], '_fivetran_synced') }}
