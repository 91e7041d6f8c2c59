-- One row per contact, channel, purpose and address: whether we may message it now, and if not, why.
select
    contact_id,
    channel,
    purpose,
    address,
    refusal is null as is_allowed,
    refusal,
    since
from {{ ref('int_contacts__permissions') }}
