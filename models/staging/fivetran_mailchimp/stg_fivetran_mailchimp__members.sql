-- One row per Mailchimp audience and member, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as member_id,
    list_id,
    {{ normalize_email('email_address') }} as email,
    email_address as email_given,
    trim(merge_fname) as first_name,
    trim(merge_lname) as last_name,
    upper(country_code) as country,
    case when timezone like '%/%' and not {{ matches_pattern('timezone', '[0-9]') }} then timezone end as timezone,
    lower(status) as status,
    coalesce(_fivetran_deleted, false) as is_deleted,
    timestamp_signup as created_at,
    timestamp_opt as opted_at,
    last_changed as updated_at,
    _batch as batch
from {{ source('fivetran_mailchimp', 'member') }}
{{ newest(['id', 'list_id'], '_fivetran_synced') }}
