-- One row per person of Klaviyo, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    {{ contact_record("'klaviyo:' || person_key", 'klaviyo', [
        'email', 'phone', 'first_name', 'last_name', 'company', 'job_title', 'city', 'acquisition_source'
    ]) }}
from {{ ref('stg_fivetran_klaviyo__people') }}
