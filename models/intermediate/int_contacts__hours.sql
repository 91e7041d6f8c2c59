-- One row per contact, kind, local weekday and hour: messages delivered and answered, and, over all days, activity of their own.
{{ incremental_by_contact() }}

with

nodes as (

    select node, contact_id from {{ ref('int_identity__nodes') }}
    {% if extends_itself() %}where contact_id in ({{ touched_contacts() }}){% endif %}

),

zones as (

    select contact_id, country, timezone from {{ ref('int_contacts__profiles') }}

),

messages as (

    select
        nodes.contact_id,
        messages.delivered_at,
        {{ epoch_seconds('least(messages.first_clicked_at, messages.first_opened_at)') }}
        - {{ epoch_seconds('messages.delivered_at') }} as seconds_to_answer
    from {{ ref('int_messages__messages') }} as messages
    inner join nodes on messages.recipient_node = nodes.node
    where messages.delivered_at is not null

),

active_hours as (

    select distinct
        nodes.contact_id,
        hourly.hour_at
    from {{ ref('int_events__hourly') }} as hourly
    inner join nodes on hourly.node = nodes.node

),

-- What follows a message within two hours may be its doing, not the person's own rhythm.
prompted as (

    select distinct
        active_hours.contact_id,
        active_hours.hour_at
    from active_hours
    inner join messages on active_hours.contact_id = messages.contact_id
    where {{ epoch_seconds('active_hours.hour_at') }} - {{ epoch_seconds('messages.delivered_at') }} between -3599 and 7200

),

moments as (

    select contact_id, 'sent' as kind, delivered_at as moment from messages
    union all
    select contact_id, 'responded', delivered_at from messages where seconds_to_answer between 0 and 86400
    union all
    select active_hours.contact_id, 'organic', active_hours.hour_at
    from active_hours
    left join prompted
        on active_hours.contact_id = prompted.contact_id
        and active_hours.hour_at = prompted.hour_at
    where prompted.contact_id is null

),

placed as (

    select
        moments.contact_id,
        case when zones.timezone is null then 'unknown' else coalesce(zones.country, 'unknown') end as cohort,
        moments.kind,
        {{ local_time('moments.moment', "coalesce(zones.timezone, 'UTC')") }} as local_at
    from moments
    inner join zones on moments.contact_id = zones.contact_id

)

select
    contact_id,
    cohort,
    kind,
    case when kind <> 'organic' then {{ weekday('local_at') }} end as local_weekday,
    cast(extract(hour from local_at) as integer) as local_hour,
    count(*) as event_count,
    {{ newest_news() }} as batch
from placed
group by 1, 2, 3, 4, 5
