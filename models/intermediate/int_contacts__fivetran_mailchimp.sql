-- One row per Mailchimp audience and member, in the canonical columns of a contact record.
{{ config(materialized='ephemeral') }}

select
    {{ contact_record("'mailchimp:' || list_id || ':' || member_id", 'mailchimp', [
        'email', 'first_name', 'last_name', 'country', 'timezone'
    ]) }}
from {{ ref('stg_fivetran_mailchimp__members') }}
