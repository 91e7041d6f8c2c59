-- One row per send, open and click of the dirty export; opens and clicks before the send are kept as unknown.
{{ config(materialized='ephemeral') }}

with

sends as (

    select
        *,
        'dirty_email:' || md5(user_id || '|' || campaign || '|' || cast(sent_at as {{ dbt.type_string() }})) as message_id
    from {{ ref('stg_dirty_email__sends') }}

),

steps as (

    select message_id, user_id, campaign, batch, 'delivered' as event, sent_at as occurred_at from sends
    union all
    select
        message_id,
        user_id,
        campaign,
        batch,
        case when opened_at >= sent_at then 'opened' else 'unknown' end,
        opened_at
    from sends
    where opened_at is not null
    union all
    select
        message_id,
        user_id,
        campaign,
        batch,
        case when clicked_at >= sent_at then 'clicked' else 'unknown' end,
        clicked_at
    from sends
    where clicked_at is not null

)

select
    message_id || ':' || event || ':' || cast(occurred_at as {{ dbt.type_string() }}) as message_event_id,
    message_id,
    cast(null as {{ dbt.type_string() }}) as message_key,
    'dirty_email' as source,
    'email' as channel,
    event,
    cast(null as {{ dbt.type_string() }}) as bounce_class,
    cast(null as {{ dbt.type_string() }}) as reject_reason,
    cast(null as {{ dbt.type_string() }}) as smtp_code,
    'dirty_email:' || user_id as recipient_node,
    cast(null as {{ dbt.type_string() }}) as recipient,
    campaign,
    cast(null as {{ dbt.type_string() }}) as variant,
    cast(null as {{ dbt.type_string() }}) as url,
    cast(null as {{ dbt.type_string() }}) as user_agent,
    cast(null as {{ dbt.type_string() }}) as ip,
    cast(null as {{ dbt.type_string() }}) as reason,
    false as is_machine_by_vendor,
    cast(null as {{ dbt.type_string() }}) as machine_flag,
    occurred_at,
    'vendor' as occurred_at_source,
    batch,
    cast(occurred_at as date) as event_date
from steps
