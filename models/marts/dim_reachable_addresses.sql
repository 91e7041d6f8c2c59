-- One row per contact and channel that we may send marketing to: address, consent, no suppression. Applied once, here.
select contact_id, 'email' as channel, email as address
from {{ ref('dim_contacts') }}
where email is not null and has_email_consent and email_suppression is null
union all
select contact_id, 'sms', phone
from {{ ref('dim_contacts') }}
where phone is not null and has_sms_consent and sms_suppression is null
