-- One row per campaign of Salesforce, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as campaign_key,
    trim(name) as name,
    lower(nullif(trim(type), '')) as kind,
    coalesce(is_deleted, false) or coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    coalesce(_fivetran_start, _fivetran_synced) as updated_at,
    _batch as batch
from {{ source('fivetran_salesforce', 'campaign') }}
{{ newest(["id"], "coalesce(_fivetran_start, _fivetran_synced)") }}
