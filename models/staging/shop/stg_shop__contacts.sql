-- One row per contact of the shop, as last exported, with addresses as typed and as keys.
select
    contact_id,
    account_id,

    email as email_typed,
    {{ normalize_email('email') }} as email,
    email as email_given,
    {{ normalize_phone('phone') }} as phone,
    trim(first_name) as first_name,
    trim(last_name) as last_name,
    company,
    job_title,
    industry,
    upper(country) as country,
    city,
    nullif(trim(timezone), '') as timezone,
    acquisition_source,

    company_size,

    birthday as born_on,
    created_at,
    updated_at,
    _batch as batch
from {{ source('shop', 'contacts') }}
{{ newest(['contact_id'], 'updated_at') }}
