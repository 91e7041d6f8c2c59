-- One row per statement of consent by list and webhook of ActiveCampaign, in the canonical columns of a consent.
{{ config(materialized='ephemeral') }}

with

lists as (

    select
        list_id,
        coalesce(slug, 'list ' || list_id) as purpose
    from {{ ref('stg_activecampaign__lists') }}

),

statements as (

    select
        contacts.email as address,
        memberships.list_id,
        'opt_in' as status,
        'activecampaign:list' as method,
        -- Without a form we cannot know that the contact asked for it.
        memberships.is_by_form as is_explicit,
        memberships.contact_list_id as evidence,
        memberships.subscribed_at as occurred_at,
        memberships.batch
    from {{ ref('stg_activecampaign__contact_lists') }} as memberships
    inner join {{ ref('stg_activecampaign__contacts') }} as contacts
        on memberships.contact_id = contacts.contact_id
    where memberships.status in ('active', 'unsubscribed')
    union all
    select
        contacts.email,
        memberships.list_id,
        'opt_out',
        'activecampaign:list',
        true,
        memberships.contact_list_id,
        coalesce(memberships.updated_at, memberships.pulled_at),
        memberships.batch
    from {{ ref('stg_activecampaign__contact_lists') }} as memberships
    inner join {{ ref('stg_activecampaign__contacts') }} as contacts
        on memberships.contact_id = contacts.contact_id
    where memberships.status = 'unsubscribed'
    union all
    select
        email,
        list_id,
        case type when 'subscribe' then 'opt_in' else 'opt_out' end,
        'activecampaign:' || type,
        type = 'unsubscribe' or initiated_from = 'public',
        webhook_id,
        occurred_at,
        batch
    from {{ ref('int_activecampaign__webhooks') }}
    where type in ('subscribe', 'unsubscribe') and not is_echo

)

select
    statements.address,
    'email' as channel,
    -- Who leaves without naming a list wants no marketing at all.
    case
        when statements.list_id is null then 'marketing'
        else coalesce(lists.purpose, 'list ' || statements.list_id)
    end as purpose,
    statements.status,
    statements.method,
    'activecampaign' as source,
    statements.is_explicit,
    statements.evidence,
    cast(null as timestamp) as expires_at,
    statements.occurred_at,
    statements.batch
from statements
left join lists on statements.list_id = lists.list_id
where statements.address is not null
    and statements.occurred_at is not null
    and (statements.status = 'opt_out' or statements.list_id is not null)
