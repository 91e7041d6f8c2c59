-- One row per person of Klaviyo, address and change of what the person's own columns say of consent.
{{ config(materialized='view') }}

with

statements as (

    select
        *,
        case
            when said_by like '%suppression' and said like '%spam%' then 'complaint'
            when said_by like '%suppression' and {{ matches_pattern('said', 'bounce|invalid') }} then 'hard_bounce'
            when said_by like '%suppression' and {{ matches_pattern('said', 'unsub|suppressed') }} then 'opt_out'
            when said_by like '%suppression' then cast(null as {{ dbt.type_string() }})
            when said_by in ('custom_unsubscribed', 'custom_suppress')
                then case when said in ('true', 't', '1', 'yes', 'y') then 'opt_out' end
            when said_by like '%can_receive%' then case when said in ('false', 'f', '0', 'no') then 'opt_out' end
            -- Not accepting is a refusal until the person says yes: the strictest wins.
            when said in ('false', 'f', '0', 'no', 'n', 'none', 'denied', 'unsubscribed', 'revoked', 'withdrawn',
                'opt-out', 'opt_out', 'opted out', 'opted-out', 'opted_out') then 'opt_out'
            when said like '%' || channel || '%'
                or said in ('true', 't', '1', 'yes', 'y', 'granted', 'subscribed', 'opt-in', 'opt_in', 'opted in', 'opted-in', 'opted_in')
                then case when is_confirmed then 'double_opt_in' else 'opt_in' end
        end as status
    from {{ ref('stg_fivetran_klaviyo__subscriptions') }}

)

select
    address,
    channel,
    -- A mailbox that is gone or has complained is closed to every purpose.
    case when status in ('complaint', 'hard_bounce') then 'any' else 'marketing' end as purpose,
    status,
    'klaviyo:' || coalesce(method, 'person') as method,
    'klaviyo' as source,
    status not in ('opt_in', 'double_opt_in') or {{ is_by_person('method') }} as is_explicit,
    said_by || '=' || substr(said, 1, 80) as evidence,
    cast(null as timestamp) as expires_at,
    occurred_at,
    batch
from statements
where status in ('opt_out', 'complaint', 'hard_bounce')
    or (status in ('opt_in', 'double_opt_in') and not is_deleted)
