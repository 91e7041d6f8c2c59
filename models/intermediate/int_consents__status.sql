-- One row per address, channel and purpose with the consent that holds now, and since when; computed again by address.
{{ incremental_by_key('address') }}
{{ config(pre_hook="{{ forget_later() }}") }}
{%- set ledger, is_narrow = ref('int_consents__ledger'), has_moved_on() %}

with

{% if is_narrow -%}
-- Whose consent may be another: by news, by time, or by a refusal without a time, which counts from now.
asked as (

    select address from {{ ledger }}
    where batch > {{ newest_batch() }}
        or {{ comes_into_view('occurred_at') }}
        or {{ comes_into_view('expires_at') }}
        or (occurred_at is null and status = 'opt_out')

),

{% endif -%}
statements as (

    select
        *,
        -- A refusal without a time counts from now, a consent without one from never.
        coalesce(occurred_at, case when status = 'opt_out' then {{ as_of() }} else cast('1970-01-01' as timestamp) end) as said_at
    from {{ ledger }}
    where status in ('opt_in', 'double_opt_in', 'opt_out')
        and (occurred_at is null or occurred_at <= {{ as_of() }})
        {% if is_narrow %}and address in (select asked.address from asked){% endif %}

),

refusals as (

    select address, channel, purpose, max(said_at) as refused_at
    from statements
    where status = 'opt_out'
    group by address, channel, purpose

),

-- What beats a refusal is newer and said by the person; at the same moment the refusal holds.
candidates as (

    select
        statements.*,
        case
            when statements.status = 'opt_out' then 0
            when statements.expires_at <= {{ as_of() }} then 2
            when refusals.refused_at is null then 1
            when statements.is_explicit and statements.said_at > refusals.refused_at then 1
            else 2
        end as standing
    from statements
    left join refusals
        on statements.address = refusals.address
        and statements.channel = refusals.channel
        and statements.purpose = refusals.purpose

)

select
    address,
    channel,
    purpose,
    case when standing = 2 then 'expired' else status end as status,
    method,
    said_at as occurred_at,
    {{ as_of() }} as computed_at,
    (select max(ledger.batch) from {{ ledger }} as ledger) as batch
from candidates
qualify row_number() over (
    partition by address, channel, purpose
    order by
        case when standing = 2 then 1 else 0 end, said_at desc nulls last, standing,
        case when status = 'double_opt_in' then 0 else 1 end, method nulls last, statement_id
) = 1
