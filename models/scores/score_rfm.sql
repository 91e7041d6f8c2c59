-- One row per customer: recency, frequency and monetary value as fifths of all customers of their currency, and the group.
with

-- A customer who paid in several currencies is judged by the one they ordered in most; currencies are never added up.
customers as (

    select *, cast(last_ordered_at as date) as last_ordered_on
    from {{ ref('int_contacts__value') }}
    qualify row_number() over (
        partition by contact_id order by order_count desc nulls last, net_cents desc nulls last, currency nulls last
    ) = 1

),

-- Equal values get equal scores: a score is the fifth in which the share of customers with less begins.
shares as (

    select
        *,
        percent_rank() over (partition by currency order by last_ordered_on nulls first) as recency_share,
        percent_rank() over (partition by currency order by order_count nulls first) as frequency_share,
        percent_rank() over (partition by currency order by net_cents nulls first) as monetary_share
    from customers

),

scored as (

    select
        *,
        {% for part in ['recency', 'frequency', 'monetary'] %}
        cast(least(5, floor({{ part }}_share * 5) + 1) as bigint) as {{ part }},
        {% endfor %}
        {{ dbt.datediff('last_ordered_at', as_of(), 'day') }} as silent_days
    from shares

)

select
    contact_id,
    recency,
    frequency,
    monetary,
    recency * 100 + frequency * 10 + monetary as rfm,
    case
        when recency >= 4 and frequency >= 4 and monetary >= 4 then 'champions'
        when recency >= 3 and (frequency >= 4 or monetary >= 4) then 'loyal'
        when recency >= 4 and order_count = 1 then 'new'
        when recency >= 3 then 'promising'
        when frequency >= 4 or monetary >= 4 then 'at risk'
        when recency = 2 then 'fading'
        else 'hibernating'
    end as customer_group,
    currency,
    order_count,
    order_count_365d,
    net_cents,
    net_cents_365d,
    cast(round(cast(net_cents as double) / order_count) as bigint) as average_order_cents,
    silent_days,
    first_ordered_at,
    last_ordered_at,
    {{ as_of() }} as scored_at
from scored
