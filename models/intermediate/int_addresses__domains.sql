-- One row per domain of any e-mail address: whether it hands out throw-away addresses, and the provider it is likely a typo of.
with

domains as (

    select split_part(substr(node, 7), '@', 2) as domain, count(*) as address_count
    from {{ ref('int_identity__nodes') }}
    where node like 'email:%'
    group by split_part(substr(node, 7), '@', 2)

),

-- One letter off, or two neighbours swapped, on a provider that many use: and rarer than it.
near as (

    select domains.domain, providers.domain as meant
    from domains
    inner join {{ ref('mailbox_providers') }} as providers
        on abs(length(domains.domain) - length(providers.domain)) <= 1
        and domains.domain <> providers.domain
        and (
            {{ edit_distance('domains.domain', 'providers.domain') }} = 1
            or (
                {{ edit_distance('domains.domain', 'providers.domain') }} = 2
                and length(domains.domain) = length(providers.domain)
                and {{ sorted_letters('domains.domain') }} = {{ sorted_letters('providers.domain') }}
            )
        )
    qualify row_number() over (partition by domains.domain order by providers.rank nulls last, providers.domain nulls last) = 1

)

select
    domains.domain,
    domains.address_count,
    disposable.domain is not null as is_disposable,
    case when known.domain is null then near.meant end as likely_domain
from domains
left join {{ ref('disposable_domains') }} as disposable
    on domains.domain = disposable.domain or domains.domain like '%.' || disposable.domain
left join {{ ref('mailbox_providers') }} as known on domains.domain = known.domain
left join near on domains.domain = near.domain
