-- One row per vendor, channel, campaign, variant and day of sending (UTC): what became of that day's messages; reports add it up.
select
    cast(messages.sent_at as date) as sent_on,
    messages.source,
    messages.channel,
    messages.campaign,
    messages.variant,
    {{ message_counts('messages') }},
    min(messages.sent_at) as first_sent_at,
    max(messages.sent_at) as last_sent_at
from {{ ref('int_messages__outcomes') }} as messages
group by cast(messages.sent_at as date), messages.source, messages.channel, messages.campaign, messages.variant
