-- One row per deal and moment at which a run saw another owner, pipeline, source or account of it; appended, never rebuilt.
{{ incremental_by_append() }}
{{ config(full_refresh=false, meta={'keeps_history': true}) }}
{%- set names = {
    'owner_id': dbt.type_string(), 'pipeline': dbt.type_string(), 'source': dbt.type_string(),
    'account_id': dbt.type_string(), 'industry': dbt.type_string(), 'employees': 'bigint'
} %}
with

fresh as (

    select
        deals.deal_id, deals.owner_id, deals.pipeline, deals.source, deals.account_id, accounts.industry, accounts.employees
    from {{ ref('int_deals__unioned') }} as deals
    left join {{ ref('int_accounts__unioned') }} as accounts on deals.account_id = accounts.account_id

){% if extends_itself() %},

held as (

    select * from {{ this }}
    qualify row_number() over (partition by deal_id order by valid_from desc nulls last) = 1

){% endif %}

select
    fresh.deal_id,
    {{ as_of() }} as valid_from,
    {% for name, type in names.items() -%}
    cast(fresh.{{ name }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {% endfor %}
from fresh
{% if extends_itself() %}
left join held on fresh.deal_id = held.deal_id
where held.deal_id is null
    {% for name in names %}or fresh.{{ name }} is distinct from held.{{ name }}
    {% endfor %}
{% endif %}
