-- One row per message, kind of choice, option and reason: how often it was chosen, with what chance, and what it earned.
select
    kind,
    message,
    chosen,
    reason,
    is_control,
    count(*) as message_count,
    count(distinct contact_id) as contact_count,
    avg(propensity) as mean_propensity,
    avg(case when is_opened then cast(1 as double) else cast(0 as double) end) as open_rate,
    avg(case when is_clicked then cast(1 as double) else cast(0 as double) end) as click_rate,
    cast(sum(revenue_cents) as bigint) as revenue_cents
from {{ ref('fct_message_choices') }}
where is_mature
group by kind, message, chosen, reason, is_control
