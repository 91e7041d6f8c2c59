-- One row per user of Iterable, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    {{ contact_record("'iterable:' || person_key", 'iterable', [
        'email', 'phone', 'first_name', 'last_name', 'company', 'job_title', 'city', 'acquisition_source'
    ]) }}
from {{ ref('stg_fivetran_iterable__users') }}
