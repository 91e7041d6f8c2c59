-- One row per statement of consent by Mailchimp: a member's status, a way out taken, a hard bounce.
{{ config(materialized='view') }}

with

statuses as (

    select * from {{ ref('stg_fivetran_mailchimp__statuses') }}
    where email is not null

),

-- A refusal and a bounce hold for every address that the member ever had.
addresses as (

    select list_id, member_id, email, min(batch) as batch
    from statuses
    group by list_id, member_id, email

),

statements as (

    select
        email as address,
        list_id,
        status as said,
        case status when 'subscribed' then 'opt_in' when 'unsubscribed' then 'opt_out' else 'hard_bounce' end as status,
        cast(null as {{ dbt.type_string() }}) as evidence,
        case when status = 'subscribed' then coalesce(opted_at, updated_at) else updated_at end as occurred_at,
        batch
    from statuses
    -- pending is not confirmed, transactional never asked, archived was put away: none of these says yes or no.
    where (status = 'subscribed' and not is_deleted)
        or status in ('unsubscribed', 'cleaned')

    union all

    select
        addresses.email,
        addresses.list_id,
        case activities.action when 'unsubscribe' then 'left' else 'bounced' end,
        case
            when activities.action = 'bounce' then 'hard_bounce'
            when {{ matches_pattern("lower(coalesce(activities.reason, ''))", 'spam|abuse') }} then 'complaint'
            else 'opt_out'
        end,
        'mailing ' || activities.mailing_id,
        coalesce(activities.occurred_at, case when activities.action = 'unsubscribe' then activities.first_seen_at end),
        greatest(activities.batch, addresses.batch)
    from {{ ref('int_fivetran_mailchimp__activities') }} as activities
    inner join addresses
        on activities.member_id = addresses.member_id
        and coalesce(activities.list_id, addresses.list_id) = addresses.list_id
    where activities.action = 'unsubscribe'
        or (activities.action = 'bounce' and activities.bounce_type = 'hard')

)

select
    statements.address,
    'email' as channel,
    -- A mailbox that is gone or has complained is closed to every purpose.
    case when statements.status in ('hard_bounce', 'complaint') then 'any' else 'marketing' end as purpose,
    statements.status,
    'mailchimp:' || statements.said as method,
    'mailchimp' as source,
    -- Fivetran does not say whether the member signed up or was imported.
    statements.status <> 'opt_in' as is_explicit,
    coalesce(statements.evidence, 'list ' || coalesce(lists.name, statements.list_id)) as evidence,
    cast(null as timestamp) as expires_at,
    statements.occurred_at,
    statements.batch
from statements
left join {{ ref('stg_fivetran_mailchimp__lists') }} as lists on statements.list_id = lists.list_id
