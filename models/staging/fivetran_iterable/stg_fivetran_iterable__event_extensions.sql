-- One row per event of Iterable with further details, as Fivetran last wrote them.
{{ config(materialized='ephemeral') }}

select
    _fivetran_id as event_id,
    coalesce(clicked_url, url, link_url) as url,
    nullif(trim(reason), '') as reason,
    {{ normalize_phone('to_phone_number') }} as to_phone,
    {{ normalize_phone('from_phone_number') }} as from_phone,
    upper(substr(trim(sms_message), 1, 20)) as word,
    lower(proxy_source) as proxy,
    lower(coalesce(is_bot, '')) in ('true', 't', '1', 'yes') as is_bot,
    _batch as batch
from {{ source('fivetran_iterable', 'event_extension') }}
{{ newest(['_fivetran_id'], '_fivetran_synced') }}
