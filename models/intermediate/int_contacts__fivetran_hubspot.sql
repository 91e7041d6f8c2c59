-- One row per HubSpot contact, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    {{ contact_record("'hubspot:' || contact_key", 'hubspot', [
        'email', 'phone', 'first_name', 'last_name', 'company', 'job_title', 'industry', 'city', 'account_id'
    ]) }}
from {{ ref('stg_fivetran_hubspot__contacts') }}
