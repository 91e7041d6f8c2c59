-- One row per refusal and lasting bounce that a HubSpot contact's own properties state, in the canonical columns of a consent.
{{ config(materialized='ephemeral') }}

with

-- What later versions repeat was said when the first of them said it.
starts as (

    select
        *,
        lag(holds) over (
            partition by contact_key, email, field
            order by stated_at nulls first, synced_at nulls first, batch nulls first
        ) as held_before
    from {{ ref('int_fivetran_hubspot__contact_marks') }}

),

changes as (

    select * from {{ ref('stg_fivetran_hubspot__contact_changes') }}
    where {{ is_true('value') }}

),

statements as (

    -- A record says that it is so, its history since when.
    select
        starts.email, starts.field, starts.status, starts.purpose, starts.contact_key,
        coalesce(max(changes.changed_at), starts.stated_at) as occurred_at,
        greatest(starts.batch, coalesce(max(changes.batch), starts.batch)) as batch
    from starts
    left join changes
        on starts.contact_key = changes.contact_key
        and starts.field = changes.field
        and changes.changed_at <= starts.stated_at
    where starts.holds and not coalesce(starts.held_before, false)
    group by starts.email, starts.field, starts.status, starts.purpose, starts.contact_key, starts.stated_at, starts.batch
    union all
    select
        contacts.email, changes.field, 'opt_out',
        case
            when changes.field = 'hs_email_optout' then 'marketing'
            else 'subscription ' || substr(changes.field, 17)
        end,
        changes.contact_key, changes.changed_at, greatest(changes.batch, contacts.batch)
    from changes
    inner join {{ ref('stg_fivetran_hubspot__contacts') }} as contacts on changes.contact_key = contacts.contact_key
    where contacts.email is not null
        and {{ matches_pattern('changes.field', '^hs_email_optout(_[0-9]+)?$') }}

)

select
    email as address,
    'email' as channel,
    purpose,
    status,
    'hubspot:' || field as method,
    'hubspot' as source,
    -- HubSpot does not say whether the person asked; a refusal holds either way.
    false as is_explicit,
    'hubspot:' || contact_key as evidence,
    cast(null as timestamp) as expires_at,
    occurred_at,
    batch
from statements
