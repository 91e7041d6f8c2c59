-- One row per contact on a list and state it was read in.
select
    id as contact_list_id,
    contact as contact_id,
    list as list_id,
    case status when '0' then 'unconfirmed' when '1' then 'active' when '2' then 'unsubscribed' when '3' then 'bounced' end as status,
    nullif(nullif(form, '0'), '') is not null as is_by_form,
    nullif(unsubreason, '') as reason,
    {{ utc_or_null('subscribed') }} as subscribed_at,
    {{ utc_or_null('updated') }} as updated_at,
    pulled_at,
    _batch as batch
from {{ source('activecampaign', 'contact_lists') }}
where read_of is null
{{ newest(['id', 'status', 'updated'], 'pulled_at') }}
