-- One row per vendor and plan: what the list costs a month as it is and without those who never answer, and per contact.
with

-- Who is billed: some vendors count everybody they keep, others only those who may be mailed.
counted as (

    select
        count(*) as all_count,
        cast(sum(case when verdict not in ('suppressed', 'invalid') then 1 else 0 end) as bigint) as reachable_count,
        cast(sum(case when verdict in ('keep', 'review', 'repair') then 1 else 0 end) as bigint) as clean_count
    from {{ ref('dim_address_hygiene') }}

),

billed as (

    select distinct
        tiers.vendor,
        tiers.plan,
        tiers.counts,
        tiers.currency,
        tiers.basis,
        case when tiers.counts = 'all' then counted.all_count else counted.reachable_count end as contact_count,
        counted.clean_count
    from {{ ref('esp_price_tiers') }} as tiers
    cross join counted

),

priced as (

    select
        billed.vendor,
        billed.plan,
        min(case when tiers.contacts_up_to >= billed.contact_count then tiers.monthly_price end) as monthly_price,
        min(case when tiers.contacts_up_to >= billed.clean_count then tiers.monthly_price end) as clean_monthly_price
    from billed
    inner join {{ ref('esp_price_tiers') }} as tiers on billed.vendor = tiers.vendor and billed.plan = tiers.plan
    group by billed.vendor, billed.plan

)

select
    billed.vendor,
    billed.plan,
    billed.counts,
    billed.contact_count,
    billed.clean_count,
    billed.currency,
    priced.monthly_price,
    priced.clean_monthly_price,
    priced.monthly_price - priced.clean_monthly_price as monthly_saving,
    cast(priced.monthly_price as double) / nullif(billed.contact_count, 0) as price_per_contact,
    billed.basis
from billed
inner join priced on billed.vendor = priced.vendor and billed.plan = priced.plan
