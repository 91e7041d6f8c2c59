-- One row per stage and month: the median stay in days over visits that had ended before the month began.
with

visits as (

    select
        stage,
        left_at,
        ({{ epoch_seconds('left_at') }} - {{ epoch_seconds('entered_at') }}) / 86400 as stay_days
    from {{ ref('int_deals__stage_visits') }}
    where left_at is not null

),

months as (

    select distinct cast(date_trunc('month', created_at) as date) as month_on
    from {{ ref('int_deals__unioned') }}
    union
    select distinct cast(date_trunc('month', closed_at) as date)
    from {{ ref('int_deals__unioned') }}
    where closed_at is not null
    union
    select cast(date_trunc('month', {{ as_of() }}) as date)

)

select
    visits.stage,
    months.month_on,
    {{ rounded(median('visits.stay_days'), 6) }} as median_stay_days
from months
inner join visits on visits.left_at < cast(months.month_on as timestamp)
group by visits.stage, months.month_on
