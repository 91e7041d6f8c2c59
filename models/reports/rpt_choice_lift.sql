-- One row per policy and message (times: all together): what chosen hours or variants earned against their control group.
with

choices as (

    select
        kind,
        contact_id,
        is_control,
        case when kind = 'time' then 'all' else message end as message,
        case when is_clicked then cast(1 as double) else cast(0 as double) end as clicked,
        case when is_opened then cast(1 as double) else cast(0 as double) end as opened,
        cast(revenue_cents as double) as revenue_cents
    from {{ ref('fct_message_choices') }}
    where is_mature and policy_version is not null and contact_id is not null

),

-- A contact's messages are not independent: sums by contact, so that the error counts contacts.
contacts as (

    select
        kind,
        message,
        is_control,
        contact_id,
        count(*) as messages,
        sum(clicked) as clicks,
        sum(opened) as opens,
        sum(revenue_cents) as revenue_cents
    from choices
    group by kind, message, is_control, contact_id

),

-- The variance of a ratio of sums over contacts, linearised.
measured as (

    select
        kind,
        message,
        is_control,
        count(*) as contact_count,
        sum(messages) as message_count,
        sum(opens) / sum(messages) as open_rate,
        sum(clicks) / sum(messages) as click_rate,
        sum(revenue_cents) / sum(messages) as revenue_cents,
        (
            sum(clicks * clicks) - 2 * sum(clicks) / sum(messages) * sum(clicks * messages)
            + power(sum(clicks) / sum(messages), 2) * sum(messages * messages)
        ) / power(sum(messages), 2) as variance
    from contacts
    group by kind, message, is_control

)

select
    treated.kind,
    treated.message,
    treated.contact_count,
    cast(treated.message_count as bigint) as message_count,
    control.contact_count as control_contact_count,
    cast(control.message_count as bigint) as control_message_count,
    treated.open_rate,
    control.open_rate as control_open_rate,
    treated.click_rate,
    control.click_rate as control_click_rate,
    treated.click_rate - control.click_rate as lift,
    treated.click_rate - control.click_rate - 16449 * sqrt(treated.variance + control.variance) / 10000 as lift_low,
    treated.click_rate - control.click_rate + 16449 * sqrt(treated.variance + control.variance) / 10000 as lift_high,
    treated.revenue_cents - control.revenue_cents as revenue_lift_cents
from measured as treated
inner join measured as control
    on treated.kind = control.kind and treated.message = control.message and control.is_control
where not treated.is_control
