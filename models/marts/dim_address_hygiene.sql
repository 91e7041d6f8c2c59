-- One row per e-mail address of a contact: what is wrong with it, how long it has been silent, and what to do about it.
with

addresses as (

    select
        substr(node, 7) as address,
        split_part(substr(node, 7), '@', 1) as local_part,
        split_part(substr(node, 7), '@', 2) as domain,
        contact_id
    from {{ ref('int_identity__nodes') }}
    where node like 'email:%'

),

-- A mailbox that is closed stays closed under all of its aliases.
closed as (

    select mailbox, min(reason) as reason
    from {{ ref('int_contacts__suppressions') }}
    where channel = 'email'
    group by mailbox

),

judged as (

    select
        addresses.address,
        addresses.contact_id,
        addresses.domain,
        {{ email_problem('addresses.local_part', 'addresses.domain') }} as syntax_problem,
        roles.kind as role_kind,
        coalesce(domains.is_disposable, false) as is_disposable,
        case when domains.likely_domain is not null then addresses.local_part || '@' || domains.likely_domain end as likely_address,
        coalesce(suppressions.reason, closed.reason) as suppression,
        contacts.last_active_at,
        {{ dbt.datediff('coalesce(contacts.last_active_at, contacts.created_at)', as_of(), 'day') }} as inactive_days,
        coalesce(engagement.delivered_180d, 0) as delivered_180d
    from addresses
    left join {{ ref('int_addresses__domains') }} as domains on addresses.domain = domains.domain
    left join {{ ref('role_addresses') }} as roles on split_part(addresses.local_part, '+', 1) = roles.local_part
    left join {{ ref('int_contacts__suppressions') }} as suppressions
        on addresses.address = suppressions.address and suppressions.channel = 'email'
    left join closed on {{ canonical_email('addresses.address') }} = closed.mailbox
    left join {{ ref('dim_contacts') }} as contacts on addresses.contact_id = contacts.contact_id
    left join {{ ref('int_contacts__engagement') }} as engagement on addresses.contact_id = engagement.contact_id

)

select
    address,
    contact_id,
    domain,
    syntax_problem,
    role_kind,
    is_disposable,
    likely_address,
    suppression,
    last_active_at,
    inactive_days,
    delivered_180d,
    case
        when suppression is not null then 'suppressed'
        when syntax_problem is not null then 'invalid'
        when is_disposable then 'suppress'
        when likely_address is not null then 'repair'
        when role_kind = 'technical' then 'suppress'
        when {{ never_answers('delivered_180d', 'last_active_at') }} then 'sunset'
        when role_kind is not null then 'review'
        else 'keep'
    end as verdict
from judged
