-- One row per verdict and reason: how many addresses, and how many of them we would mail today.
with

judged as (

    select
        address,
        verdict,
        case verdict
            when 'suppressed' then suppression
            when 'invalid' then syntax_problem
            when 'suppress' then case when is_disposable then 'throw-away address' else 'technical address' end
            when 'repair' then 'likely typo in the domain'
            when 'sunset' then 'ten messages in 180 days, no reaction'
            when 'review' then 'shared address'
            when 'keep' then
                case
                    when last_active_at is null then 'never active'
                    when inactive_days <= 30 then 'active within 30 days'
                    when inactive_days <= 90 then 'active within 90 days'
                    when inactive_days <= 180 then 'active within 180 days'
                    when inactive_days <= 365 then 'active within a year'
                    else 'silent for over a year'
                end
        end as reason
    from {{ ref('dim_address_hygiene') }}

    union all

    select address, 'invalid', 'not an address' from {{ ref('int_contacts__invalid_emails') }}

),

reachable as (

    select distinct address from {{ ref('dim_reachable_addresses') }}
    where channel = 'email'

)

select
    judged.verdict,
    judged.reason,
    count(*) as address_count,
    cast(sum(case when reachable.address is not null then 1 else 0 end) as bigint) as reachable_count
from judged
left join reachable on judged.address = reachable.address
group by judged.verdict, judged.reason
