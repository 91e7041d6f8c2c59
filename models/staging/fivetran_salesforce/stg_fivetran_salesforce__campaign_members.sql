-- One row per contact or lead in a campaign of Salesforce, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as member_key,
    nullif(campaign_id, '') as campaign_key,
    coalesce(nullif(contact_id, ''), nullif(lead_id, '')) as person_key,
    trim(status) as status,
    coalesce(has_responded, first_responded_date is not null) as has_responded,
    first_responded_date as responded_at,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    created_date as created_at,
    coalesce(last_modified_date, _fivetran_start, _fivetran_synced) as updated_at,
    _batch as batch
from {{ source('fivetran_salesforce', 'campaign_member') }}
{{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}
