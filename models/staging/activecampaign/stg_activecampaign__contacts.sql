-- One row per contact, as last pulled.
select
    id as contact_id,
    {{ normalize_email('email') }} as email,
    email as email_given,
    {{ normalize_phone('phone') }} as phone,
    nullif(trim(first_name), '') as first_name,
    nullif(trim(last_name), '') as last_name,
    nullif(trim(orgname), '') as company,
    {{ whole_or_null('bounced_hard') }} as hard_bounces,
    {{ whole_or_null('bounced_soft') }} as soft_bounces,
    coalesce(max(case when is_gone then pulled_at end) over (partition by id) > pulled_at, coalesce(is_gone, false))
    or coalesce(deleted, '0') = '1' or coalesce(anonymized, '0') = '1' as is_deleted,
    {{ utc_or_null('created') }} as created_at,
    {{ utc_or_null('updated') }} as updated_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'contacts') }}
{{ newest(['id'], 'case when not coalesce(is_gone, false) then pulled_at end') }}
