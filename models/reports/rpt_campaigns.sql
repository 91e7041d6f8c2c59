-- One row per campaign, channel and variant: sent, delivered, human reactions, and revenue within seven days of a click.
with

messages as (

    select
        message_id,
        contact_id,
        channel,
        coalesce(variant, 'none') as variant,
        case when campaign like 'cart_reminder%' then 'cart_reminder'
            when campaign like 'shipping_notice%' then 'shipping_notice'
            else coalesce(campaign, 'unknown') end as campaign,
        delivered_at,
        first_opened_at,
        first_clicked_at,
        unsubscribed_at
    from {{ ref('fct_messages') }}

),

-- An order counts once, for the last click before it.
earned as (

    select
        messages.message_id,
        orders.revenue_cents
    from {{ ref('fct_orders') }} as orders
    inner join messages
        on orders.contact_id = messages.contact_id
        and messages.first_clicked_at <= orders.ordered_at
        and {{ epoch_seconds('orders.ordered_at') }} - {{ epoch_seconds('messages.first_clicked_at') }} <= 7 * 86400
    where not orders.is_cancelled
    qualify row_number() over (
        partition by orders.order_id order by messages.first_clicked_at desc nulls last, messages.message_id nulls last
    ) = 1

),

per_message as (

    select message_id, sum(revenue_cents) as revenue_cents from earned
    group by message_id

)

select
    messages.campaign,
    messages.channel,
    messages.variant,
    count(*) as sent_count,
    cast(sum(case when messages.delivered_at is not null then 1 else 0 end) as bigint) as delivered_count,
    cast(sum(case when messages.first_opened_at is not null then 1 else 0 end) as bigint) as opened_count,
    cast(sum(case when messages.first_clicked_at is not null then 1 else 0 end) as bigint) as clicked_count,
    cast(sum(case when messages.unsubscribed_at is not null then 1 else 0 end) as bigint) as unsubscribed_count,
    cast(coalesce(sum(per_message.revenue_cents), 0) as bigint) as revenue_cents
from messages
left join per_message on messages.message_id = per_message.message_id
group by messages.campaign, messages.channel, messages.variant
