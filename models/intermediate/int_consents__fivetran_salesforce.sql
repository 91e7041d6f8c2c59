-- One row per refusal and lasting bounce that a contact or lead of Salesforce states, in the canonical columns of a consent.
{{ config(materialized='ephemeral') }}

with

versions as (

    select * from {{ ref('stg_fivetran_salesforce__contact_versions') }}
    union all
    select * from {{ ref('stg_fivetran_salesforce__lead_versions') }}

),

marks as (

    select
        person_key, email, 'has_opted_out_of_email' as field, is_opted_out as holds,
        stated_at as said_at, stated_at, synced_at, batch
    from versions
    union all
    select
        person_key, email, 'email_bounced_date',
        (is_bounced or bounced_at is not null)
        -- A full mailbox or a busy server is not the end of an address.
        and coalesce({{ smtp_code('bounce_reason') }}, '5') not like '4%',
        coalesce(bounced_at, stated_at), stated_at, synced_at, batch
    from versions

),

-- What later versions repeat was said when the first of them said it.
starts as (

    select
        *,
        lag(holds) over (
            partition by person_key, email, field
            order by stated_at nulls first, synced_at nulls first, batch nulls first
        ) as held_before
    from marks

)

select
    email as address,
    'email' as channel,
    case when field = 'has_opted_out_of_email' then 'marketing' else 'any' end as purpose,
    case when field = 'has_opted_out_of_email' then 'opt_out' else 'hard_bounce' end as status,
    'salesforce:' || field as method,
    'salesforce' as source,
    -- Salesforce does not say whether the person asked; a refusal holds either way.
    false as is_explicit,
    'salesforce:' || person_key as evidence,
    cast(null as timestamp) as expires_at,
    said_at as occurred_at,
    batch
from starts
where holds and not coalesce(held_before, false)
