-- One row per message and status that an export of Twilio showed.
{{ config(materialized='ephemeral') }}

select
    id as message_sid,
    coalesce(lower(nullif(trim(status), '')), 'unknown') as status,
    coalesce(direction, '') = 'inbound' as is_inbound,
    case when direction = 'inbound' then upper(substr(trim(body), 1, 20)) end as word,
    nullif(error_code, '') as error_code,
    {{ normalize_phone("'+' || replace(replace(replace(case when direction = 'inbound' then from_number else to_number end, 'whatsapp:', ''), '+', ''), ' ', '')") }}
        as recipient,
    coalesce(updated_at, date_sent, created_at, _fivetran_synced, _loaded_at) as occurred_at,
    _batch as batch
from {{ source('fivetran_twilio', 'message') }}
where not coalesce(_fivetran_deleted, false)
