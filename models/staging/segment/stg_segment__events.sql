-- One row per delivered call in the Segment spec; repeats are dropped where events meet.
select
    message_id,
    anonymous_id,
    user_id,
    group_id,
    previous_id,

    type as event_type,
    event_name,
    page_name,
    properties,
    traits,
    context,

    timestamp as occurred_at,
    received_at,
    _batch as batch
from {{ source('segment', 'events') }}
