-- One row per delivered event; the export gives no key, so one is made of what it says.
select
    md5(
        coalesce(user_session, '') || '|' || cast(event_time as {{ dbt.type_string() }}) || '|' || event_type || '|'
        || coalesce(product_id, '') || '|' || user_id
    ) as event_id,
    user_id,
    user_session,
    event_type,
    product_id,
    category_code,
    brand,
    {{ number_or_null('round(price * 100)', 'bigint') }} as price_cents,
    event_time as occurred_at,
    _batch as batch
from {{ source('rees46', 'events') }}
