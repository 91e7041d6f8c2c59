-- One row per HubSpot contact that another contact's own record names as merged into it.
{{ config(materialized='ephemeral') }}

with

contacts as (

    select
        id,
        coalesce(
            property_hs_calculated_merged_vids, {{ json_text('_extra', 'property_hs_calculated_merged_vids') }},
            property_hs_merged_object_ids, {{ json_text('_extra', 'property_hs_merged_object_ids') }}
        ) as merged,
        _batch
    from {{ source('fivetran_hubspot', 'contact') }}
    {{ newest(['id'], '_fivetran_synced') }}

),

-- `id:epoch;id:epoch`, in older connections `id;id`.
items as (

    select
        contacts.id as kept_key,
        trim(split_part(items.item, ':', 1)) as merged_key,
        {{ number_or_null("nullif(split_part(items.item, ':', 2), '')", 'bigint') }} as merged_epoch,
        contacts._batch as batch
    from contacts
    cross join lateral (select {{ text_items('contacts.merged', "';'") }} as item) as items
    where contacts.merged is not null

)

select
    kept_key,
    merged_key,
    {{ moment_from_epoch('merged_epoch') }} as merged_at,
    batch
from items
where merged_key <> '' and merged_key <> kept_key
qualify row_number() over (partition by kept_key, merged_key order by merged_epoch nulls last) = 1
