-- One row per mailbox provider and week of sending: outcomes, complaints and human opens of e-mail; small domains are 'other'.
with

messages as (

    select * from {{ ref('int_messages__outcomes') }}
    where channel = 'email' and domain is not null

),

-- The thirty that get most mail keep their name.
sizes as (

    select provider, row_number() over (order by message_count desc nulls last, provider nulls last) as place
    from (
        select provider, count(*) as message_count from messages
        group by provider
    ) as counted

)

select
    case when sizes.place <= 30 then messages.provider else 'other' end as provider,
    cast(date_trunc('week', messages.sent_at) as date) as week_on,
    {{ message_counts('messages') }},
    {{ share_of("sum(case when messages.outcome = 'delivered' then 1 else 0 end)", 'count(*)') }} as delivery_rate,
    {{ share_of("sum(case when messages.outcome in ('hard', 'soft', 'block', 'unclassed') then 1 else 0 end)", 'count(*)') }}
        as bounce_rate,
    {{ share_of("sum(case when messages.outcome = 'delivered' and messages.complained_at is not null then 1 else 0 end)",
        "sum(case when messages.outcome = 'delivered' then 1 else 0 end)") }} as complaint_rate,
    {{ share_of("sum(case when messages.outcome = 'delivered' and messages.opened_at is not null then 1 else 0 end)",
        "sum(case when messages.outcome = 'delivered' then 1 else 0 end)") }} as open_rate
from messages
inner join sizes on messages.provider = sizes.provider
group by
    case when sizes.place <= 30 then messages.provider else 'other' end,
    cast(date_trunc('week', messages.sent_at) as date)
