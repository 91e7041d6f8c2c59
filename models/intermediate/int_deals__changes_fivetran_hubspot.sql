-- One row per change of amount or expected close of a HubSpot deal.
{{ config(materialized='ephemeral') }}

with

told as (

    select
        deal_key,
        case field when 'amount' then 'amount_cents' else 'expected_close_on' end as field,
        case
            when field = 'amount'
                then cast({{ cents_or_null('value') }} as {{ dbt.type_string() }})
            else cast(cast(coalesce(
                {{ moment_from_epoch(number_or_null('value')) }}, {{ utc_or_null('value') }}
            ) as date) as {{ dbt.type_string() }})
        end as new_value,
        changed_at
    from {{ ref('stg_fivetran_hubspot__deal_changes') }}

),

-- Of a deal whose history was not landed we know what held when it was last changed.
known as (

    select deal_key, 'amount_cents' as field, cast(amount_cents as {{ dbt.type_string() }}) as new_value, updated_at as changed_at
    from {{ ref('stg_fivetran_hubspot__deals') }}
    union all
    select deal_key, 'expected_close_on', cast(cast(close_date as date) as {{ dbt.type_string() }}), updated_at
    from {{ ref('stg_fivetran_hubspot__deals') }}

),

changes as (

    select * from told
    union all
    select known.* from known
    left join (select distinct deal_key, field from told) as histories
        on known.deal_key = histories.deal_key and known.field = histories.field
    where histories.deal_key is null

)

select
    'hubspot:' || deal_key as deal_id,
    field,
    lag(new_value) over (partition by deal_key, field order by changed_at nulls last, new_value nulls last) as old_value,
    new_value,
    changed_at
from changes
where new_value is not null and changed_at is not null
