-- One row per mailbox provider and week of sending: outcomes, complaints and human opens of e-mail; small domains are 'other'.
with

weeks as (

    select
        messages.provider,
        cast(date_trunc('week', messages.sent_at) as date) as week_on,
        {{ message_counts('messages') }}
    from {{ ref('int_messages__outcomes') }} as messages
    where messages.channel = 'email' and messages.domain is not null
    group by messages.provider, cast(date_trunc('week', messages.sent_at) as date)

),

-- The thirty that get most mail keep their name.
sizes as (

    select provider, row_number() over (order by message_count desc nulls last, provider nulls last) as place
    from (
        select provider, sum(sent_count) as message_count from weeks
        group by provider
    ) as providers

),

counted as (

    select
        case when sizes.place <= 30 then weeks.provider else 'other' end as provider,
        weeks.week_on,
        {{ summed_message_counts('weeks') }}
    from weeks
    inner join sizes on weeks.provider = sizes.provider
    group by case when sizes.place <= 30 then weeks.provider else 'other' end, weeks.week_on

)

select
    *,
    {{ share_of('delivered_count', 'sent_count') }} as delivery_rate,
    {{ share_of('hard_bounce_count + soft_bounce_count + block_bounce_count + unclassed_bounce_count', 'sent_count') }}
        as bounce_rate,
    {{ share_of('complained_count', 'delivered_count') }} as complaint_rate,
    {{ share_of('opened_count', 'delivered_count') }} as open_rate
from counted
