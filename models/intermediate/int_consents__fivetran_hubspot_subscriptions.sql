-- One row per change of a HubSpot subscription that says something about consent, in the canonical columns of a consent.
{{ config(materialized='ephemeral') }}

with

changes as (

    select
        *,
        case
            when change in ('UNSUBSCRIBED', 'OPTED_OUT') then 'opt_out'
            -- Being put on by the sender or an import is nobody's consent.
            when change in ('SUBSCRIBED', 'RESUBSCRIBED') and said_by = 'SOURCE_RECIPIENT' then 'opt_in'
            when change = 'REPORTED_SPAM' or change_type like '%SPAM%' then 'complaint'
            when change = 'BOUNCED' then 'hard_bounce'
        end as status
    from {{ ref('stg_fivetran_hubspot__subscription_changes') }}

)

select
    email as address,
    'email' as channel,
    case
        when status in ('complaint', 'hard_bounce') then 'any'
        when subscription_key is null or change_type like 'PORTAL%' then 'marketing'
        else 'subscription ' || subscription_key
    end as purpose,
    status,
    'hubspot:' || lower(change) as method,
    'hubspot' as source,
    coalesce(said_by = 'SOURCE_RECIPIENT', false) as is_explicit,
    event_key as evidence,
    cast(null as timestamp) as expires_at,
    changed_at as occurred_at,
    batch
from changes
where status is not null
