-- One row per landed version of a contact of Salesforce with an address: what it says of e-mail; deleted ones say it still.
{{ config(materialized='ephemeral') }}

select
    id as person_key,
    {{ normalize_email('email') }} as email,
    coalesce(has_opted_out_of_email, false) as is_opted_out,
    -- Files that were loaded before the contract named these columns have them in _extra.
    coalesce(email_bounced_date, {{ utc_or_null(json_text('_extra', 'email_bounced_date')) }}) as bounced_at,
    coalesce(email_bounced_reason, {{ json_text('_extra', 'email_bounced_reason') }}) as bounce_reason,
    coalesce(is_email_bounced, false) as is_bounced,
    coalesce(_fivetran_start, last_modified_date, created_date) as stated_at,
    _fivetran_synced as synced_at,
    _batch as batch
from {{ source('fivetran_salesforce', 'contact') }}
where {{ normalize_email('email') }} is not null
