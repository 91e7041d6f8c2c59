-- One row per person of Klaviyo and address that any landed version has, and whether the newest has it.
{{ config(materialized='ephemeral') }}

with

versions as (

    select
        id as person_key,
        {{ normalize_email('email') }} as email,
        {{ normalize_phone('phone_number') }} as phone,
        _batch as batch,
        row_number() over (
            partition by id order by _fivetran_synced desc nulls last, _batch desc nulls last, _file_id nulls last
        ) as age
    from {{ source('fivetran_klaviyo', 'person') }}

)

select person_key, 'email' as channel, email as address, min(age) = 1 as is_current, min(batch) as batch
from versions
where email is not null
group by person_key, email
union all
select person_key, 'sms', phone, min(age) = 1, min(batch)
from versions
where phone is not null
group by person_key, phone
