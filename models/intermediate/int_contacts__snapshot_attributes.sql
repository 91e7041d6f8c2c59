-- One row per contact and landmark with the attributes then on record, the consent then in force and the deals then open.
with

landmarks as (

    select contact_id, snapshot_at from {{ ref('int_contacts__landmarks') }}

),

consents as (

    select known.contact_id, known.known_at, ledger.status, coalesce(ledger.occurred_at, cast('1970-01-01' as timestamp)) as said_at
    from {{ ref('int_consents__ledger') }} as ledger
    inner join {{ ref('int_identity__known') }} as known on known.node = 'email:' || ledger.address
    where ledger.channel = 'email' and ledger.purpose in ('marketing', 'any')

),

standing as (

    select landmarks.contact_id, landmarks.snapshot_at, max_by(consents.status, (consents.said_at, consents.status)) as status
    from landmarks
    inner join consents
        on landmarks.contact_id = consents.contact_id
        and consents.known_at <= landmarks.snapshot_at and consents.said_at <= landmarks.snapshot_at
    group by landmarks.contact_id, landmarks.snapshot_at

),

deals as (

    select landmarks.contact_id, landmarks.snapshot_at, count(*) as open_deals
    from landmarks
    inner join {{ ref('int_identity__known') }} as known on landmarks.contact_id = known.contact_id
    inner join {{ ref('int_deals__unioned') }} as deals
        on known.node = deals.contact_node
        and deals.created_at <= landmarks.snapshot_at
        and (deals.closed_at is null or deals.closed_at > landmarks.snapshot_at)
    group by landmarks.contact_id, landmarks.snapshot_at

)

select
    landmarks.contact_id, landmarks.snapshot_at,
    spans.industry, spans.job_title, spans.company_size, spans.country, spans.acquisition_source,
    spans.email is not null and providers.domain is null as has_own_domain,
    standing.status as email_consent,
    coalesce(deals.open_deals, 0) as open_deals
from landmarks
left join {{ ref('int_contacts__spans') }} as spans
    on landmarks.contact_id = spans.contact_id
    and landmarks.snapshot_at >= spans.holds_from and (spans.holds_until is null or landmarks.snapshot_at < spans.holds_until)
left join {{ ref('mailbox_providers') }} as providers on split_part(spans.email, '@', 2) = providers.domain
left join standing on landmarks.contact_id = standing.contact_id and landmarks.snapshot_at = standing.snapshot_at
left join deals on landmarks.contact_id = deals.contact_id and landmarks.snapshot_at = deals.snapshot_at
