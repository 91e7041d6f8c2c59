-- One row per open deal: the probability that it will be won, or why there is none.
{{ config(meta={'prediction': 'win_probability', 'history': {'key': 'deal_id', 'value': 'win_probability', 'decimals': 2}}) }}

select
    deals.deal_id,
    {{ rounded('predictions.value', 4) }} as win_probability,
    -- Nobody knows a deal's end to the percent at either end.
    case
        when predictions.value is null then 'not yet calculated'
        when predictions.value <= 5 / cast(100 as double) then 'less than 5 %'
        when predictions.value >= 95 / cast(100 as double) then 'greater than 95 %'
        else cast(cast(greatest(6, least(94, round(100 * predictions.value))) as integer) as {{ dbt.type_string() }}) || ' %'
    end as shown_as,
    {{ told_by('predictions') }}
from {{ ref('dim_deals') }} as deals
left join {{ ref('stg_ml__predictions') }} as predictions
    on deals.deal_id = predictions.entity_id and predictions.model = 'win_probability'
where deals.status = 'open'
