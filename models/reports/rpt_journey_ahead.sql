-- One row per journey, step, message, channel, day and state: messages of the next days if nothing new happens, as last looked ahead.
select
    journey,
    step_id,
    message,
    channel,
    cast(coalesce(send_at, due_at) as date) as day,
    state,
    count(*) as message_count,
    count(distinct contact_id) as contact_count,
    max(as_of) as as_of
from {{ source('journeys', 'ahead') }}
group by journey, step_id, message, channel, cast(coalesce(send_at, due_at) as date), state
