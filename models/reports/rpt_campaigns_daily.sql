-- One row per campaign, channel, variant and day of sending (UTC): what became of that day's messages, whenever it happened.
select
    sent_on,
    campaign,
    channel,
    variant,
    {{ summed_message_counts('days') }}
from {{ ref('int_messages__campaign_days') }} as days
group by sent_on, campaign, channel, variant
