-- One row per lead of Salesforce, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    {{ contact_record("'salesforce:' || person_key", 'salesforce', [
        'email', 'phone', 'first_name', 'last_name', 'company', 'job_title', 'industry', 'company_size', 'country', 'city',
        'account_id', 'acquisition_source'
    ]) }}
from {{ ref('stg_fivetran_salesforce__leads') }}
