-- One row per message and kind of choice (time, variant): its options with their chances, and what it earned.
{{ config(materialized='view') }}

with

choices as (

    select * from {{ ref('stg_activations__choices') }}

),

-- What vendors were told and tell again ends with the outbox's id of 32 characters.
messages as (

    select
        right(message_key, 32) as message_id,
        max(variant) as variant,
        min(sent_at) as sent_at,
        min(delivered_at) as delivered_at,
        min(first_opened_at) as opened_at,
        min(first_clicked_at) as clicked_at
    from {{ ref('int_messages__messages') }}
    where length(message_key) > 32
    group by right(message_key, 32)

),

known as (

    select
        choices.*,
        messages.sent_at,
        messages.delivered_at,
        {{ dbt.dateadd('hour', 72, 'messages.sent_at') }} as until_at,
        messages.opened_at,
        messages.clicked_at,
        choices.kind = 'time' or messages.variant is null or messages.variant = choices.chosen as is_as_chosen
    from choices
    left join messages on choices.message_id = messages.message_id

),

earned as (

    select
        known.choice_id,
        cast(sum(orders.revenue_cents) as bigint) as revenue_cents
    from known
    inner join {{ ref('fct_orders') }} as orders
        on known.contact_id = orders.contact_id
        and orders.ordered_at >= known.sent_at
        and orders.ordered_at < known.until_at
        and not orders.is_cancelled
    group by known.choice_id

)

select
    known.choice_id, known.message_id, known.contact_id,
    known.source, known.source_name, known.step_id, known.channel, known.message,
    known.kind, known.options, known.propensities, known.chosen, known.propensity, known.is_explore, known.is_control, known.reason,
    known.policy, known.policy_version,
    known.scheduled_at, known.decided_at, known.sent_at, known.delivered_at,
    coalesce(known.opened_at < known.until_at or known.clicked_at < known.until_at, false) as is_opened,
    coalesce(known.clicked_at < known.until_at, false) as is_clicked,
    coalesce(known.until_at <= {{ as_of() }} and known.is_as_chosen, false) as is_mature,
    coalesce(earned.revenue_cents, 0) as revenue_cents
from known
left join earned on known.choice_id = earned.choice_id
