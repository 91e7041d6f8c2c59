-- One row per change of amount or expected close of an opportunity of Salesforce, from the best record that was landed.
{{ config(materialized='ephemeral') }}

with

-- Salesforce's own history is whole; tracked fields and versions add what they saw where it is missing.
states as (

    select 1 as rank, deal_key, amount_cents, close_date, changed_at
    from {{ ref('stg_fivetran_salesforce__opportunity_histories') }}
    union all
    select 3, deal_key, amount_cents, close_date, changed_at
    from {{ ref('stg_fivetran_salesforce__opportunity_versions') }}

),

records as (

    select rank, deal_key, 'amount_cents' as field, cast(amount_cents as {{ dbt.type_string() }}) as new_value, changed_at from states
    union all
    select rank, deal_key, 'expected_close_on', cast(cast(close_date as date) as {{ dbt.type_string() }}), changed_at from states
    union all
    select
        2,
        deal_key,
        case field when 'amount' then 'amount_cents' else 'expected_close_on' end,
        case
            when field = 'amount'
                then cast({{ cents_or_null('new_value') }} as {{ dbt.type_string() }})
            else cast(cast({{ utc_or_null('new_value') }} as date) as {{ dbt.type_string() }})
        end,
        changed_at
    from {{ ref('stg_fivetran_salesforce__opportunity_fields') }}
    where field in ('amount', 'closedate')

),

moves as (

    select
        records.deal_key,
        records.field,
        lag(records.new_value) over (
            partition by records.deal_key, records.field
            order by records.changed_at nulls last, records.new_value nulls last
        ) as old_value,
        records.new_value,
        records.changed_at
    from records
    inner join (
        select deal_key, field, min(rank) as rank from records
        where new_value is not null
        group by deal_key, field
    ) as best on records.deal_key = best.deal_key and records.field = best.field and records.rank = best.rank
    where records.new_value is not null

)

select
    'salesforce:' || deal_key as deal_id,
    field,
    old_value,
    new_value,
    changed_at
from moves
where old_value is distinct from new_value
