-- One row per list of Klaviyo and person on it, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    list_id,
    person_id as person_key,
    coalesce(joined_at, min(_fivetran_synced) over (partition by list_id, person_id)) as added_at,
    case when coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) then _fivetran_synced end as removed_at,
    _batch as batch
from {{ source('fivetran_klaviyo', 'list_person') }}
{{ newest(['list_id', 'person_id'], '_fivetran_synced') }}
