-- One row per currency and group of customers: how many, what they are expected to be worth, and who may not come back.
select
    customers.currency,
    customers.customer_group,
    count(*) as customer_count,
    max(worth.within_days) as within_days,
    cast(coalesce(sum(worth.expected_cents), 0) as bigint) as expected_cents,
    cast(round(avg(worth.expected_cents)) as bigint) as mean_expected_cents,
    {{ rounded('avg(churn.churn_probability)', 4) }} as mean_churn_probability,
    cast(coalesce(sum(case when churn.churn_probability >= 0.5 then worth.expected_cents end), 0) as bigint) as at_risk_cents,
    cast(sum(case when worth.is_fallback then 1 else 0 end) as bigint) as fallback_count
from {{ ref('score_rfm') }} as customers
left join {{ ref('score_value') }} as worth on customers.contact_id = worth.contact_id
left join {{ ref('score_churn') }} as churn on customers.contact_id = churn.contact_id
group by customers.currency, customers.customer_group
