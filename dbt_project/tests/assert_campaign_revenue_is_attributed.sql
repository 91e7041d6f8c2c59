-- What campaigns earned is, model by model and to the cent, what attribution ascribes to their messages.
with

ascribed as (

    select attribution.model, sum(attribution.revenue_cents) as revenue_cents
    from {{ ref('fct_attribution') }} as attribution
    inner join {{ ref('fct_messages') }} as messages on attribution.touch_id = messages.message_id
    group by attribution.model

),

reported as (

    select model, sum(revenue_cents) as revenue_cents from {{ ref('rpt_campaign_revenue') }}
    group by model

)

select ascribed.model, ascribed.revenue_cents, reported.revenue_cents as reported_cents
from ascribed
full outer join reported on ascribed.model = reported.model
where coalesce(ascribed.revenue_cents, 0) <> coalesce(reported.revenue_cents, 0)
