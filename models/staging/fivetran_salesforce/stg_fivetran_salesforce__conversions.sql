-- One row per lead of Salesforce that became a contact, with the opportunity that came of it.
{{ config(materialized='ephemeral') }}

select
    id as lead_key,
    converted_contact_id as person_key,
    nullif(converted_opportunity_id, '') as deal_key,
    converted_date as converted_at,
    _batch as batch
from {{ source('fivetran_salesforce', 'lead') }}
where nullif(converted_contact_id, '') is not null
{{ newest(["id"], "coalesce(_fivetran_start, last_modified_date, _fivetran_synced)") }}
