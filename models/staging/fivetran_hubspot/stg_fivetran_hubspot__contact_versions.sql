-- One row per landed version of a HubSpot contact with an address: what it says of e-mail; deleted ones say it still.
{{ config(materialized='ephemeral') }}

select
    id as contact_key,
    {{ normalize_email('property_email') }} as email,
    -- Files that were loaded before the contract named these properties have them in _extra.
    coalesce(property_hs_email_optout, {{ json_text('_extra', 'property_hs_email_optout') }}) as opted_out,
    coalesce(
        nullif(property_hs_email_hard_bounce_reason_enum, ''), nullif(property_hs_email_hard_bounce_reason, ''),
        nullif({{ json_text('_extra', 'property_hs_email_hard_bounce_reason_enum') }}, ''),
        nullif({{ json_text('_extra', 'property_hs_email_hard_bounce_reason') }}, '')
    ) as bounce_reason,
    {{ is_true("coalesce(property_hs_email_bad_address, " ~ json_text('_extra', 'property_hs_email_bad_address') ~ ")") }}
        as is_bad_address,
    case when lower(cast(_extra as {{ dbt.type_string() }})) like '%property_hs_email_optout_%' then _extra end as others,
    coalesce(property_lastmodifieddate, _fivetran_synced) as stated_at,
    _fivetran_synced as synced_at,
    _batch as batch
from {{ source('fivetran_hubspot', 'contact') }}
where {{ normalize_email('property_email') }} is not null
