-- A suppressed address must not leave the warehouse, whatever a sync selects.
select contacts.email as address
from {{ ref('sync_activecampaign_contact') }} as contacts
inner join {{ ref('dim_suppressions') }} as suppressions
    on contacts.email = suppressions.address and suppressions.channel = 'email'
union all
select messages.{{ adapter.quote('To') }}
from {{ ref('sync_twilio_message') }} as messages
inner join {{ ref('dim_suppressions') }} as suppressions
    on messages.{{ adapter.quote('To') }} = suppressions.address and suppressions.channel = 'sms'
