-- One row per address and channel that must not be messaged, and why; keyed by address, so it outlives the contact.
select address, channel, reason, suppressed_at
from {{ ref('int_contacts__suppressions') }}
