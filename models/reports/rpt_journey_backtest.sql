-- One row per journey, step, message, channel, day and state: messages that today's files would have sent in the last days, and which not.
select
    journey,
    step_id,
    message,
    channel,
    day,
    state,
    cast(sum(message_count) as bigint) as message_count,
    max(as_of) as as_of
from {{ source('journeys', 'backtests') }}
group by journey, step_id, message, channel, day, state
