-- One row per event of a person in Klaviyo, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}

select
    id as event_id,
    nullif(trim(type), '') as metric,
    metric_id,
    person_id as person_key,
    campaign_id,
    flow_id,
    flow_message_id,
    _variation as variant,
    property_cohort_message_send_cohort as sending,
    nullif(trim(property_campaign_name), '') as campaign_name,
    {{ number_or_null(replace_pattern('property_value', '[^0-9.-]', '')) }} as value,
    {{ number_or_null(replace_pattern('property_price', '[^0-9.-]', '')) }} as price,
    coalesce({{ number_or_null('property_quantity') }}, 1) as quantity,
    upper(trim(property_currency_code)) as currency,
    nullif(trim(property_order_id), '') as order_id,
    nullif(trim(property_event_id), '') as source_event_id,
    property_product_id as product_id,
    property_url as url,
    property_page as page,
    lower(property_bounce_type) as bounce_type,
    coalesce(property_failure_type, property_bounce_type) as reason,
    property_vendor_error_code as error_code,
    lower(property_method) as method,
    lower(coalesce(property_machine_open, '')) in ('true', 't', '1', 'yes')
        or lower(coalesce(property_apple_privacy_open, '')) in ('true', 't', '1', 'yes')
        or lower(coalesce(property_bot_click, '')) in ('true', 't', '1', 'yes') as is_machine,
    {{ normalize_phone('property_to_number') }} as to_phone,
    {{ normalize_phone('property_from_number') }} as from_phone,
    upper(substr(trim(property_message_body), 1, 20)) as word,
    coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    coalesce(datetime, timestamp, _fivetran_synced) as occurred_at,
    case when coalesce(datetime, timestamp) is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from {{ source('fivetran_klaviyo', 'event') }}
{{ newest(['id'], '_fivetran_synced') }}
