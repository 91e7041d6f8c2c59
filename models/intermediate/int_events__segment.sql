-- One row per delivered Segment call, in the canonical columns of an event.
{{ config(materialized='ephemeral') }}

with

calls as (

    select
        *,
        {{ json_text('context', 'userAgent') }} as user_agent,
        {{ json_fields('properties', ['url', 'order_id', 'cart_id', 'product_id', 'category', 'revenue', 'value', 'price', 'quantity', 'total']) }} as said
    from {{ ref('stg_segment__events') }}

)

select
    message_id as event_id,
    'segment' as source,
    event_type,
    case event_name
        when 'Viewed Product' then 'Product Viewed'
        when 'Added Product' then 'Product Added'
        when 'Removed Product' then 'Product Removed'
        when 'Completed Order' then 'Order Completed'
        else event_name
    end as event_name,
    case when user_id is not null then 'user:' || user_id end as user_node,
    case when anonymous_id is not null then 'anon:' || anonymous_id end as anonymous_node,
    case when previous_id is not null then 'user:' || previous_id end as previous_node,
    case
        when event_type = 'identify'
            then {{ normalize_email(json_text('traits', 'email')) }}
    end as email,
    case when event_type in ('page', 'screen') then said.url end as page_url,
    case when event_type = 'track' then said.order_id end as order_id,
    case when event_type = 'track' then said.cart_id end as cart_id,
    case when event_type = 'track' then said.product_id end as product_id,
    case when event_type = 'track' then said.category end as category,
    case
        when event_type = 'track'
            then {{ number_or_null('round(100 * coalesce('
                ~ number_or_null('said.revenue') ~ ', '
                ~ number_or_null('said.value') ~ ', '
                ~ number_or_null('said.price')
                ~ ' * coalesce(' ~ number_or_null('said.quantity') ~ ', 1), '
                ~ number_or_null('said.total') ~ '))', 'bigint') }}
    end as value_cents,
    case when event_type = 'track' then cast(properties as {{ dbt.type_string() }}) end as properties,
    user_agent,
    -- Whoever or whatever places an order, it is one.
    case
        when event_type in ('page', 'screen', 'track') and coalesce(said.order_id, '') = ''
            then {{ machine_evidence(site=true) }}
    end as machine_evidence,
    occurred_at,
    batch,
    cast(occurred_at as date) as event_date
from calls
