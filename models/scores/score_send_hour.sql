-- One row per contact: the local hour at which messages do best, and whether that is the contact's own or others'.
{{ config(meta={'prediction': 'send_hour'}) }}

select
    contacts.contact_id,
    cast(round(coalesce(predictions.value, 9)) as bigint) as best_hour,
    contacts.timezone,
    coalesce(predictions.is_fallback, true) as is_fallback,
    case
        when predictions.entity_id is null then 'not yet calculated: nine in the morning'
        else predictions.fallback_reason
    end as fallback_reason,
    predictions.model_version,
    predictions.as_of
from {{ ref('dim_contacts') }} as contacts
left join {{ ref('stg_ml__predictions') }} as predictions
    on contacts.contact_id = predictions.entity_id and predictions.model = 'send_hour'
