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

tiers as (

    select
        tiers.*,
        case when tiers.counts = 'all' then counted.all_count else counted.reachable_count end as contact_count,
        counted.clean_count
    from {{ ref('esp_price_tiers') }} as tiers
    cross join counted

),

priced as (

    select
        vendor,
        plan,
        counts,
        contact_count,
        clean_count,
        currency,
        min(case when contacts_up_to >= contact_count then monthly_price end) as monthly_price,
        min(case when contacts_up_to >= clean_count then monthly_price end) as clean_monthly_price,
        max(basis) as basis
    from tiers
    group by vendor, plan, counts, contact_count, clean_count, currency

)

select
    vendor,
    plan,
    counts,
    contact_count,
    clean_count,
    currency,
    monthly_price,
    clean_monthly_price,
    monthly_price - clean_monthly_price as monthly_saving,
    cast(monthly_price as double) / nullif(contact_count, 0) as price_per_contact,
    basis
from priced
