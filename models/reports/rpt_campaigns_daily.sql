-- One row per campaign, channel, variant and day of sending (UTC): what became of that day's messages, whenever it happened.
select
    cast(messages.sent_at as date) as sent_on,
    messages.campaign,
    messages.channel,
    messages.variant,
    {{ message_counts('messages') }}
from {{ ref('int_messages__outcomes') }} as messages
group by cast(messages.sent_at as date), messages.campaign, messages.channel, messages.variant
