-- One row per event of a user in Iterable, as Fivetran last wrote it.
{{ config(materialized='ephemeral') }}
{% set further = json_or_null('additional_properties') %}

select
    _fivetran_id as event_id,
    coalesce(_fivetran_user_id, lower(trim(email))) as person_key,
    {{ normalize_email('email') }} as email,
    coalesce(nullif(trim(event_name), ''), 'unknown') as event_name,
    nullif(campaign_id, '') as campaign_id,
    nullif(message_id, '') as message_id,
    message_type_id,
    lower(recipient_state) as recipient_state,
    status as server_answer,
    unsub_source,
    user_agent,
    ip,
    lower(coalesce(proxy_source, {{ json_text(further, 'proxySource') }})) as proxy,
    lower(coalesce(is_bot, {{ json_text(further, 'isBot') }}, '')) in ('true', 't', '1', 'yes') as is_bot,
    lower(coalesce({{ json_text(further, 'signupSource') }}, {{ json_text(further, 'source') }})) as method,
    {{ json_text(further, 'reason') }} as reason,
    coalesce(_fivetran_deleted, false) or not coalesce(_fivetran_active, true) as is_deleted,
    coalesce(created_at, _fivetran_synced) as occurred_at,
    case when created_at is null then 'received' else 'vendor' end as occurred_at_source,
    _batch as batch
from {{ source('fivetran_iterable', 'event') }}
{{ newest(['_fivetran_id'], '_fivetran_synced') }}
